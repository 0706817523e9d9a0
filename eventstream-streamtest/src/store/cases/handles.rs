use std::sync::Arc;

use eventstream_core::{Error, EventRepository, EventStore, Expect, Parcel};
use tokio::task::JoinSet;

use crate::{
    RepositoryEnv, StoreHarness,
    failure::{Check, chain, ensure, fail},
    hand::Hand,
    parcels::{A, B, C},
    scene::Scene,
    tasks,
};

pub(crate) async fn see_each_others_events<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, C]).await?;
    let mut other = stage.another().await?;
    other.holds_all_from(0).await?;
    for _ in 0..3 {
        stage.append(&[A, B]).await?;
        other.record.clone_from(&stage.record);
        other.holds_all_from(0).await?;
        let parcels = other.make(&[C]);
        other.stores(parcels, Expect::Offset(other.end())).await?;
        stage.record.clone_from(&other.record);
        stage.holds_all_from(0).await?;
    }
    // Of one that was made before, too, and of what is truncated.
    stage.truncate(4).await?;
    other.holds_all_from(4).await?;
    other.truncate(other.end()).await?;
    stage.holds_all_from(stage.end()).await?;
    stage.append(&[A]).await?;
    drop(other);
    stage.holds_all_from(stage.end() - 1).await
}

pub(crate) async fn wake_each_other<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let mut other = stage.another().await?;
    for settled in [true, false, true] {
        let env = other.env.clone();
        let end = stage.end();
        let mut waiting = Hand::new(env.repository().wait_for(end));
        other.waits(&mut waiting, end, settled).await?;
        stage.append(&[A]).await?;
        other.record.clone_from(&stage.record);
        other.is_woken(&mut waiting, end).await?;

        let env = stage.env.clone();
        let end = stage.end();
        let mut waiting = Hand::new(env.repository().wait_for(end));
        stage.waits(&mut waiting, end, settled).await?;
        other.append(&[B]).await?;
        stage.record.clone_from(&other.record);
        stage.is_woken(&mut waiting, end).await?;
    }
    Ok(())
}

pub(crate) async fn know_each_others_messages<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let mut other = stage.another().await?;
    for _ in 0..2 {
        let parcels = stage.make(&[A, B]);
        let start = stage.end();
        stage.stores(parcels.clone(), Expect::Any).await?;
        other.record.clone_from(&stage.record);
        other.repeats(&parcels, Expect::Any, start..start + 2).await?;

        let parcels = [&other.make(&[A]), &parcels[1..]].concat();
        let is_it = |error: &Error| {
            matches!(error, Error::DuplicateMessage { message_id, offset }
                if message_id == parcels[1].message_id() && *offset == start + 1)
        };
        other.refuses(&parcels, Expect::Any, 0, "DuplicateMessage", is_it).await?;
        let is_it = |error: &Error| {
            matches!(error, Error::OffsetConflict { expected, actual }
                if *expected == start && *actual == start + 2)
        };
        let new = &parcels[..1];
        other.refuses(new, Expect::Offset(start), 0, "OffsetConflict", is_it).await?;
    }
    stage.holds_all_from(0).await
}

pub(crate) async fn append_side_by_side<H: StoreHarness>(scene: Scene<H>) -> Check {
    const TIMES: usize = 40;

    let mut stage = scene.repository().await?;
    let other = stage.another().await?;
    let mut appends = JoinSet::new();
    for _ in 0..2 {
        let batches: Vec<_> = (0..TIMES).map(|i| stage.make(&[A, B, C][..=i % 3])).collect();
        appends.spawn(append_each(stage.env.clone(), batches));
        let batches: Vec<_> = (0..TIMES).map(|i| stage.make(&[C, B, A][..=i % 2])).collect();
        appends.spawn(append_each(other.env.clone(), batches));
    }
    stage.progress.doing("waiting for two handles that append side by side");
    let mut appended = tasks::all(appends).await?.concat();
    appended.sort_by_key(|(start, _)| *start);
    for (start, parcels) in appended {
        ensure!(
            start == stage.end(),
            "two handles append side by side: {} comes next, but an append has got {start}",
            stage.end()
        );
        stage.record.add(parcels);
    }
    stage.holds_all_from(0).await?;
    let other = stage.another().await?;
    other.holds_all_from(0).await
}

/// Appends these one after the other; returns where each begins.
async fn append_each<E: RepositoryEnv<Repository: EventStore>>(
    env: Arc<E>,
    batches: Vec<Vec<Parcel>>,
) -> Check<Vec<(u64, Vec<Parcel>)>> {
    let mut appended = Vec::new();
    for parcels in batches {
        match env.repository().append(parcels.clone(), Expect::Any).await {
            Ok(range) => appended.push((range.start, parcels)),
            Err(error) => fail!("an append beside another handle: {}", chain(&error)),
        }
    }
    Ok(appended)
}
