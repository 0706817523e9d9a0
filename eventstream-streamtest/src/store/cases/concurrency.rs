use std::{collections::BTreeMap, ops::Range, sync::Arc};

use eventstream_core::{
    BoxError, Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Parcel, Result,
};
use tokio::{
    sync::oneshot,
    task::{JoinError, JoinSet},
    time::timeout,
};

use crate::{
    RepositoryEnv, StoreEnv, StoreHarness,
    failure::{Check, Failure, chain, ensure, fail},
    parcels::{A, B, C, TYPES},
    repository::stage::Stage,
    scene::Scene,
    tasks,
};

/// What one caller has appended, one after the other.
type Appended = Vec<(Range<u64>, Vec<Parcel>)>;

pub(crate) async fn appenders_leave_no_gap<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let appended = append_side_by_side(&mut stage, 64, 8).await?;
    let events = stage.contents(0).await?;
    let total: usize = appended.iter().flatten().map(|(_, parcels)| parcels.len()).sum();
    ensure!(
        events.len() == total,
        "{total} events were appended side by side, but {} can be read",
        events.len()
    );
    let next = stage.next_offset().await?;
    ensure!(
        next == total as u64,
        "{total} events were appended side by side, but the next offset is {next}"
    );
    // As there are as many, and each is where it is said to be, each is there once.
    for (range, parcels) in appended.iter().flatten() {
        is_there(&events, range, parcels)?;
    }
    Ok(())
}

fn is_there(events: &[Event], range: &Range<u64>, parcels: &[Parcel]) -> Check {
    let at = usize::try_from(range.start).unwrap_or(usize::MAX);
    let found = events.get(at..).unwrap_or_default().iter().map(|event| &event.parcel);
    ensure!(
        range.end - range.start == parcels.len() as u64 && found.take(parcels.len()).eq(parcels),
        "an append of {} parcels has returned {range:?}, but other events are there",
        parcels.len()
    );
    Ok(())
}

pub(crate) async fn keeps_the_order_of_each_appender<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let appended = append_side_by_side(&mut stage, 16, 12).await?;
    let offsets: BTreeMap<_, _> = stage
        .contents(0)
        .await?
        .into_iter()
        .map(|event| (event.parcel.message_id().to_owned(), event.offset))
        .collect();
    for appends in appended {
        let mut least = 0;
        for parcel in appends.iter().flat_map(|(_, parcels)| parcels) {
            let offset = offsets.get(parcel.message_id()).copied();
            ensure!(
                offset.is_some_and(|offset| offset >= least),
                "message {} was appended after the one at offset {}, by the same caller, but has \
                 offset {offset:?}",
                parcel.message_id(),
                least.saturating_sub(1)
            );
            least = offset.unwrap_or_default() + 1;
        }
    }
    Ok(())
}

/// So many callers append so many times, with one to three parcels each time.
async fn append_side_by_side<E: StoreEnv>(
    stage: &mut Stage<E>,
    callers: usize,
    times: usize,
) -> Check<Vec<Appended>> {
    let mut appends = JoinSet::new();
    for caller in 0..callers {
        let batches: Vec<_> =
            (0..times).map(|i| stage.make_many(1 + (caller + i) % TYPES.len())).collect();
        let env = stage.env.clone();
        appends.spawn(async move {
            let mut appended = Vec::new();
            for parcels in batches {
                match env.repository().append(parcels.clone(), Expect::Any).await {
                    Ok(range) => appended.push((range, parcels)),
                    Err(error) => fail!("an append side by side with others: {}", chain(&error)),
                }
            }
            Ok(appended)
        });
    }
    stage.progress.doing(format!("waiting for {callers} callers that append side by side"));
    tasks::all(appends).await
}

/// Readers follow, while one append is held up just before its commit, and others come after it.
pub(crate) async fn a_late_commit_is_never_stepped_over<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let mut count = stage.append(&[A, B]).await?.len();
    for _ in 0..3 {
        let (slow, fast) = (stage.make(&[A, B, C]), stage.make(&[B, A]));
        stage.progress.doing("beginning an append that takes long");
        let begun = match stage.env.begin_slow_append(slow.clone()).await {
            Ok(Some(begun)) => begun,
            Ok(None) => fail!(
                "the harness can't hold an append up before its commit: begin_slow_append says \
                 None; if the store lets nobody come between, waive this case"
            ),
            Err(error) => return Err(Failure::of_harness("begin a slow append", &error)),
        };
        count += slow.len() + fast.len();
        // It may have to wait for the slow one, and may not.
        let env = stage.env.clone();
        let quick = fast.clone();
        let (sent, received) = oneshot::channel();
        let other = tokio::spawn(async move {
            let got = env.repository().append(quick, Expect::Any).await;
            let _ = sent.send(());
            got
        });
        let mut readers = JoinSet::new();
        for types in [EventTypes::any(), EventTypes::from(B)] {
            readers.spawn(follow(stage.env.clone(), types, count as u64));
        }
        let _ = timeout(stage.timing.quiet, received).await;
        stage.progress.doing("committing an append that took long");
        let ranges =
            [committed(begun.await)?, committed(other.await.map_err(|error| panicked(&error))?)?];
        stage.progress.doing("waiting for those who follow, past a late commit");
        let read = tasks::all(readers).await?;
        let events = stage.contents(0).await?;
        is_there(&events, &ranges[0], &slow)?;
        is_there(&events, &ranges[1], &fast)?;
        ensure!(events.len() == count, "{count} events are appended, but {} there", events.len());
        for (types, read) in read {
            let matches = |event: &&Event| types.contains(event.parcel.event_type());
            let expected: Vec<_> = events.iter().filter(matches).cloned().collect();
            let missed = expected.iter().find(|event| !read.contains(event));
            ensure!(
                read == expected,
                "who follows for {types} has got {} events past a late commit, where {} are; the \
                 first that is missing: {:?}",
                read.len(),
                expected.len(),
                missed.map(|event| event.offset)
            );
        }
    }
    Ok(())
}

fn panicked(error: &JoinError) -> Failure {
    Failure::new(format!("an append beside a slow one has panicked: {error}"))
}

fn committed(got: Result<Range<u64>>) -> Check<Range<u64>> {
    match got {
        Ok(range) => Ok(range),
        Err(error) => fail!("an append beside another one that takes long: {}", chain(&error)),
    }
}

/// Reads all up to this offset, as it comes.
async fn follow<E: StoreEnv>(
    env: Arc<E>,
    types: EventTypes,
    end: u64,
) -> Check<(EventTypes, Vec<Event>)> {
    let repository = env.repository();
    let mut events = Vec::new();
    let followed: Result<(), BoxError> = async {
        let mut position = 0;
        while position < end {
            let mut query = repository.load_by_type(types.clone(), position).await?;
            while query.next_batch(&mut events, 2).await? > 0 {}
            position = query.position();
            if position < end {
                repository.wait_for(position).await?;
            }
        }
        Ok(())
    }
    .await;
    match followed {
        Ok(()) => Ok((types, events)),
        Err(error) => fail!("following for {types} says: {error}"),
    }
}
