use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eventstream_core::{EventQuery, EventRepository, EventStore, EventTypes, Expect, Result};
use tokio::task::{JoinSet, yield_now};

use crate::{
    RepositoryEnv, StoreHarness,
    failure::{Check, chain, ensure, fail},
    hand::Hand,
    parcels::{A, B, C},
    scene::Scene,
    tasks,
};

/// Parcels of each append.
const BATCH: u64 = 5;

pub(crate) async fn readers_never_see_a_part<H: StoreHarness>(scene: Scene<H>) -> Check {
    const APPENDS: usize = 150;

    let mut stage = scene.repository().await?;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (env, done) = (stage.env.clone(), done.clone());
        readers.spawn(async move {
            loop {
                let last = done.load(Ordering::SeqCst);
                look(env.repository()).await?;
                if last {
                    return Ok(());
                }
                // A store that never waits would leave the writer no thread.
                yield_now().await;
            }
        });
    }
    for _ in 0..APPENDS {
        stage.append(&[A, B, C, A, B]).await?;
        yield_now().await;
    }
    done.store(true, Ordering::SeqCst);
    stage.progress.doing("waiting for those who read beside the writer");
    tasks::all(readers).await?;
    stage.holds_all_from(0).await
}

/// Everything that says how far the store has come, says that it is at the border of an append.
async fn look<R: EventRepository>(repository: &R) -> Check {
    let mut seen = Vec::new();
    let result: Result<()> = async {
        seen.push(("the next offset", repository.next_offset().await?));
        let last = seen[0].1.saturating_sub(1);
        if seen[0].1 > 0 {
            seen.push(("what a wait returns", repository.wait_for(last).await?));
        }
        for (what, types) in [
            ("the number of all events", EventTypes::any()),
            ("the number of all events of all types", EventTypes::from_iter([A, B, C])),
        ] {
            let mut query = repository.load_by_type(types, 0).await?;
            let mut events = Vec::new();
            while query.next_batch(&mut events, 100).await? > 0 {}
            seen.push((what, events.len() as u64));
        }
        Ok(())
    }
    .await;
    if let Err(error) = result {
        fail!("reading beside a writer says: {}", chain(&error));
    }
    for (what, number) in seen {
        ensure!(
            number % BATCH == 0,
            "all is appended {BATCH} events at a time, but beside a writer {what} is {number}"
        );
    }
    Ok(())
}

/// Each append is dropped after so many polls, then after one more, until one comes to its end.
pub(crate) async fn a_dropped_append_is_all_or_nothing<H: StoreHarness>(scene: Scene<H>) -> Check {
    /// More than any append should need to come to its end.
    const MOST_POLLS: usize = 32;

    let mut stage = scene.repository().await?;
    stage.append(&[A]).await?;
    for expects in [false, true] {
        for polls in 0..MOST_POLLS {
            let parcels = stage.make(&[A, B, C, A]);
            let before = stage.end();
            let env = stage.env.clone();
            let expect = if expects { Expect::Offset(before) } else { Expect::Any };
            let mut append = Hand::new(env.repository().append(parcels.clone(), expect));
            let ended = append.polls(polls).await;
            drop(append);
            if let Some(got) = ended {
                stage.range_is(&got, &parcels, before..before + 4)?;
                stage.record.add(parcels);
                break;
            }
            // Another one comes between, before it is tried again: that tells which of the two it
            // was.
            let other = stage.make(&[B]);
            let after = stage.try_append(&other, Expect::Any).await;
            let again = stage.try_append(&parcels, Expect::Any).await;
            let stored = again.as_ref().is_ok_and(|range| range.start == before);
            let (first, second) = if stored {
                ((&parcels, &again), (&other, &after))
            } else {
                ((&other, &after), (&parcels, &again))
            };
            for (parcels, got) in [first, second] {
                let count = parcels.len() as u64;
                stage.range_is(got, parcels, stage.end()..stage.end() + count)?;
                stage.record.add(parcels.clone());
            }
            stage.holds_all_from(0).await?;
        }
    }
    stage.holds_all_from(0).await
}
