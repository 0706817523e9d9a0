use eventstream_core::{EventQuery, EventRepository, EventTypes};

use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::Check,
    hand::Hand,
    parcels::{A, B, C},
    scene::Scene,
};

/// More polls than any call should need to come to its end.
const MOST_POLLS: usize = 32;

/// Each call is dropped after so many polls, at whatever it awaits there; then after one more,
/// until none is left that does not come to its end.
pub(crate) async fn dropping_next_batch_loses_nothing<H: RepositoryHarness>(
    scene: Scene<H>,
) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, C, A, A, C, C, B, A, C, C, C, A, B, B, A]).await?;
    stage.append_many(9).await?;
    for types in [EventTypes::any(), [A, B].into_iter().collect()] {
        for polls in 0..MOST_POLLS {
            let mut scan = stage.load(0, types.clone()).await?;
            let events = stage.matching(0, &types);
            let mut rest = events.as_slice();
            let mut dropped = false;
            while !rest.is_empty() {
                let mut got = None;
                for _ in 0..2 {
                    got = scan.by_hand(3)?.polls(polls).await;
                    if got.is_some() {
                        break;
                    }
                    dropped = true;
                    // Nothing was returned, and the position must not say that something was.
                    scan.position_fits(rest, stage.end())?;
                }
                let got = match got {
                    Some(got) => got?,
                    None => scan.batch(3).await?,
                };
                rest = scan.took(rest, &got, stage.end())?;
            }
            scan.rest_is(3, &[], stage.end()).await?;
            if !dropped {
                break;
            }
        }
    }
    Ok(())
}

/// Some are dropped before the commit, some when they are woken, beside others that wait on.
pub(crate) async fn dropping_wait_for_harms_nobody<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for round in 0..12 {
        let offset = stage.end();
        let env = stage.env.clone();
        let repository = env.repository();
        let mut waiting = Vec::new();
        for _ in 0..5 {
            let mut hand = Hand::new(repository.wait_for(offset));
            stage.waits(&mut hand, offset, round % 2 == 0).await?;
            waiting.push(hand);
        }
        // The second is dropped before anything comes, the first and the fourth when they are
        // woken.
        drop(waiting.remove(1));
        stage.append(&[A]).await?;
        for i in [0, 2] {
            waiting[i].woken().await;
        }
        drop(waiting.remove(2));
        drop(waiting.remove(0));
        for mut hand in waiting {
            stage.is_woken(&mut hand, offset).await?;
        }
    }
    // Nor does it harm a query or a later call.
    stage.holds_all_from(0).await?;
    let mut scan = stage.load_any(0).await?;
    drop(stage.env.repository().wait_for(stage.end()));
    scan.expect(4, stage.log(), stage.end()).await?;
    scan.position_is_within(scan.query.position()..=stage.end())
}
