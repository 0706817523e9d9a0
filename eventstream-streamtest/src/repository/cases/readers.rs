use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use eventstream_core::{Event, EventQuery, EventRepository, EventTypes, Result};
use tokio::task::{JoinSet, yield_now};

use crate::{
    RepositoryEnv, RepositoryHarness,
    events::first_of,
    failure::{Check, ensure},
    parcels::{A, B, C},
    scene::Scene,
    tasks,
};

/// What those who read know of those who write.
#[derive(Default)]
struct Shared {
    /// All below was appended, by a call that has returned.
    committed: AtomicU64,
    done: AtomicBool,
}

/// Beside a writer, each query has all that was committed before it was made, and what it has
/// besides is what comes next.
pub(crate) async fn see_no_gap<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    const APPENDS: usize = 150;

    let mut stage = scene.repository().await?;
    let shared = Arc::new(Shared::default());
    // What is to be appended is known to all beforehand.
    let appends: Vec<_> = (0..APPENDS).map(|i| stage.make(&[A, B, C, A, B][..=i % 5])).collect();
    let events: Arc<[Event]> = appends
        .concat()
        .into_iter()
        .zip(0..)
        .map(|(parcel, offset)| Event::new(offset, parcel))
        .collect();
    let mut readers = JoinSet::new();
    for types in [EventTypes::any(), EventTypes::from(C), [A, B].into_iter().collect()] {
        let (env, shared, events) = (stage.env.clone(), shared.clone(), events.clone());
        readers.spawn(async move {
            let matching: Vec<_> = events
                .iter()
                .filter(|event| types.contains(event.parcel.event_type()))
                .cloned()
                .collect();
            loop {
                let done = shared.done.load(Ordering::SeqCst);
                read(&*env, &types, &matching, &shared).await?;
                if done {
                    return Ok(());
                }
                // A repository that never waits would leave the writer no thread.
                yield_now().await;
            }
        });
    }
    for parcels in appends {
        stage.append_parcels(parcels).await?;
        shared.committed.store(stage.end(), Ordering::SeqCst);
        yield_now().await;
    }
    shared.done.store(true, Ordering::SeqCst);
    stage.progress.doing("waiting for those who read beside the writer");
    tasks::all(readers).await.map(drop)
}

/// Reads all that matches, by one query.
async fn read<E: RepositoryEnv>(
    env: &E,
    types: &EventTypes,
    matching: &[Event],
    shared: &Shared,
) -> Check {
    let repository = env.repository();
    let committed = shared.committed.load(Ordering::SeqCst);
    let mut next = 0;
    let mut got = Vec::new();
    let result: Result<()> = async {
        next = repository.next_offset().await?;
        let mut query = repository.load_by_type(types.clone(), 0).await?;
        while query.next_batch(&mut got, 20).await? > 0 {}
        Ok(())
    }
    .await;
    ensure!(
        result.is_err() || next >= committed,
        "all below {committed} is committed, but the next offset is said to be {next}"
    );
    let rest = first_of("a query beside a writer", matching, &result.map(|()| got))?;
    if let Some(missing) = rest.first() {
        ensure!(
            missing.offset >= next,
            "the next offset was said to be {next}, but event {} is missing from a query for \
             {types} that was made after that",
            missing.offset
        );
    }
    Ok(())
}
