use eventstream_core::{Envelope, Error, EventStore, Expect, Parcel};
use tokio::task::JoinSet;

use crate::{
    RepositoryEnv, StoreEnv, StoreHarness,
    failure::{Check, Failure, ensure},
    parcels::{A, B, C},
    repository::stage::Stage,
    scene::Scene,
    store::stage::is_refused,
    tasks,
};

pub(crate) async fn a_repetition_returns_its_range<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let mut appended = Vec::new();
    for count in [1, 3, 2] {
        let parcels = stage.make_many(count);
        let start = stage.end();
        stage.stores(parcels.clone(), Expect::Offset(start)).await?;
        appended.push((start..stage.end(), parcels));
        // At once, and after others; with the offset that it first had, and with any other.
        for (range, parcels) in &appended {
            let expects = [range.start, range.end, stage.end(), 1 << 40].map(Expect::Offset);
            for expect in [&[Expect::Any][..], &expects].concat() {
                stage.repeats(parcels, expect, range.clone()).await?;
            }
        }
        stage.holds_all_from(0).await?;
    }
    // What comes then is new.
    stage.append(&[A]).await?;
    stage.holds_all_from(0).await
}

/// It does not matter how they were stored, but only where they stand.
pub(crate) async fn a_run_of_several_appends_is_a_repetition<H: StoreHarness>(
    scene: Scene<H>,
) -> Check {
    let mut stage = scene.repository().await?;
    for count in [2, 1, 3] {
        let parcels = stage.make_many(count);
        stage.stores(parcels, Expect::Any).await?;
    }
    let parcels = all(&stage);
    for range in [0..6, 0..3, 1..3, 2..6, 1..5, 3..5] {
        let offsets = range.start as u64..range.end as u64;
        stage.repeats(&parcels[range], Expect::Any, offsets).await?;
    }
    stage.holds_all_from(0).await
}

fn all<E>(stage: &Stage<E>) -> Vec<Parcel> {
    stage.log().iter().map(|event| event.parcel.clone()).collect()
}

pub(crate) async fn repetitions_at_the_same_time_get_one_range<H: StoreHarness>(
    scene: Scene<H>,
) -> Check {
    const ROUNDS: usize = 15;

    let mut stage = scene.repository().await?;
    for _ in 0..ROUNDS {
        let parcels = stage.make(&[A, B, C]);
        let mut appends = JoinSet::new();
        for _ in 0..12 {
            let (env, parcels) = (stage.env.clone(), parcels.clone());
            appends.spawn(async move { Ok(env.repository().append(parcels, Expect::Any).await) });
        }
        stage.progress.doing("waiting for appends of the same parcels");
        let got = tasks::all(appends).await?;
        let expected = stage.end()..stage.end() + 3;
        for got in &got {
            stage.range_is(got, &parcels, expected.clone())?;
        }
        stage.record.add(parcels);
        stage.holds_all_from(0).await?;
    }
    Ok(())
}

/// The error names the first message of the append that is stored, and where.
fn names_duplicate(parcel: &Parcel, at: u64) -> (String, impl Fn(&Error) -> bool) {
    let id = parcel.message_id().to_owned();
    let what = format!("DuplicateMessage {{ message_id: {id:?}, offset: {at} }}");
    let is_it = move |error: &Error| {
        matches!(error, Error::DuplicateMessage { message_id, offset }
            if *message_id == id && *offset == at)
    };
    (what, is_it)
}

pub(crate) async fn a_partial_overlap_is_an_error<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A]).await?;
    stage.append(&[A, B, C]).await?;
    stage.append(&[A]).await?;
    let old = all(&stage);
    let new = stage.make(&[A, B]);
    for (parcels, first, at) in [
        // New ones behind, before, and between.
        (vec![&old[1], &old[2], &old[3], &new[0]], 0, 1),
        (vec![&new[0], &old[1], &old[2], &old[3]], 1, 1),
        (vec![&new[0], &old[2], &new[1]], 1, 2),
        (vec![&old[3], &new[1], &old[4]], 0, 3),
        // At the end of all, where the next offset is the right one for the new one.
        (vec![&old[4], &new[0]], 0, 4),
    ] {
        let parcels: Vec<_> = parcels.into_iter().cloned().collect();
        for expect in [Expect::Any, Expect::Offset(stage.end())] {
            let (what, is_it) = names_duplicate(&parcels[first], at);
            stage.refuses(&parcels, expect, 0, &what, is_it).await?;
        }
    }
    // The new ones are new still.
    stage.stores(new, Expect::Any).await?;
    stage.holds_all_from(0).await
}

pub(crate) async fn another_order_is_an_error<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, C]).await?;
    stage.append(&[A]).await?;
    let old = all(&stage);
    for order in [&[1, 0][..], &[0, 2], &[0, 1, 3], &[2, 1, 0], &[3, 0], &[0, 2, 1]] {
        let parcels: Vec<_> = order.iter().map(|i: &usize| old[*i].clone()).collect();
        let (what, is_it) = names_duplicate(&parcels[0], order[0] as u64);
        stage.refuses(&parcels, Expect::Any, 0, &what, is_it).await?;
    }
    stage.holds_all_from(0).await
}

pub(crate) async fn is_for_one_store<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut one = scene.repository().await?;
    let mut other = scene.repository().await?;
    let parcels = one.make(&[A, B]);
    one.stores(parcels.clone(), Expect::Any).await?;
    // It may be of another application, but the ids are the same.
    let source_application = StoreEnv::application(&*other.env).clone();
    let mut same_ids = Vec::new();
    for parcel in &parcels {
        let source_application = source_application.clone();
        let parcel = Parcel::seal(Envelope { source_application, ..parcel.to_envelope() });
        same_ids.push(parcel.map_err(|error| Failure::new(error.to_string()))?);
    }
    other.append(&[C]).await?;
    other.stores(same_ids.clone(), Expect::Any).await?;
    other.repeats(&same_ids, Expect::Any, 1..3).await?;
    one.repeats(&parcels, Expect::Any, 0..2).await?;
    other.holds_all_from(0).await?;
    one.holds_all_from(0).await
}

pub(crate) async fn outlasts_a_truncation_of_others<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for count in [3, 3, 2] {
        stage.append_many(count).await?;
    }
    let parcels = all(&stage);
    // At the border of an append, and in the middle of one.
    for (oldest, left) in [(3, 3..6), (4, 4..6), (6, 6..8)] {
        stage.truncate(oldest).await?;
        let offsets = left.start as u64..left.end as u64;
        stage.repeats(&parcels[left.clone()], Expect::Any, offsets).await?;
        let new = stage.make(&[A]);
        let overlap = [&parcels[left.start..=left.start], &new].concat();
        let got = stage.try_append(&overlap, Expect::Any).await;
        let (what, is_it) = names_duplicate(&overlap[0], oldest);
        is_refused(&got, &what, is_it)?;
        stage.holds_all_from(oldest).await?;
    }
    ensure!(stage.end() == 8, "the case itself has appended something");
    Ok(())
}
