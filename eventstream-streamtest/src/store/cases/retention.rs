use eventstream_core::{Error, Expect};

use crate::{
    StoreHarness,
    failure::{Check, chain, fail},
    parcels::{A, B},
    scene::Scene,
};

pub(crate) async fn never_gives_an_offset_again<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for reopened in [false, true] {
        for (count, left) in [(5, 2), (3, 0), (1, 0)] {
            let parcels = stage.make_many(count);
            stage.stores(parcels, Expect::Any).await?;
            let oldest = stage.end() - left;
            stage.truncate(oldest).await?;
            if reopened {
                stage = stage.reopen().await?;
            }
            stage.holds_all_from(oldest).await?;
            // Nor is any of them expected again.
            let parcels = stage.make(&[A, B]);
            let is_it = |error: &Error| matches!(error, Error::OffsetConflict { .. });
            stage.refuses(&parcels, Expect::Offset(0), oldest, "OffsetConflict", is_it).await?;
            stage.stores(parcels, Expect::Offset(stage.end())).await?;
            stage.holds_all_from(oldest).await?;
        }
    }
    Ok(())
}

pub(crate) async fn below_the_oldest_does_nothing<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.truncate(0).await?;
    stage.append_many(6).await?;
    for (before, oldest) in [(0, 0), (4, 4), (4, 4), (3, 4), (0, 4), (6, 6), (5, 6), (0, 6)] {
        stage.truncate(before).await?;
        stage.holds_all_from(oldest).await?;
    }
    stage.append_many(2).await?;
    stage.truncate(1).await?;
    stage.holds_all_from(6).await
}

pub(crate) async fn past_the_end_is_an_error<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let mut oldest = 0;
    for count in [0, 3, 2] {
        stage.append_many(count).await?;
        for past in [1, 2, 1_000, u64::MAX - stage.end()] {
            let before = stage.end() + past;
            match stage.try_truncate(before).await {
                Err(Error::PastTheEnd { requested, next })
                    if requested == before && next == stage.end() => {}
                got => fail!(
                    "truncating before {before} must fail with PastTheEnd, which names that and \
                     the next offset, {}; but {}",
                    stage.end(),
                    got.map_or_else(
                        |error| format!("says: {}", chain(&error)),
                        |()| { "succeeds".to_owned() }
                    )
                ),
            }
            stage.holds_all_from(oldest).await?;
        }
        // To the end itself is none.
        stage.truncate(stage.end()).await?;
        oldest = stage.end();
    }
    stage.append_many(1).await?;
    stage.holds_all_from(oldest).await
}
