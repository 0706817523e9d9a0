use std::ops::Range;

use eventstream_core::{Error, EventRepository, EventStore, Expect, Parcel, Result};
use tokio::task::JoinSet;

use crate::{
    RepositoryEnv, StoreHarness,
    failure::{Check, chain, ensure, fail},
    parcels::{A, B},
    scene::Scene,
    store::stage::is_refused,
    tasks,
};

pub(crate) async fn the_next_offset<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for count in [1, 4, 2] {
        let parcels = stage.make_many(count);
        stage.stores(parcels, Expect::Offset(stage.end())).await?;
    }
    stage.holds_all_from(0).await?;
    // Whatever was truncated.
    for before in [3, 7] {
        stage.truncate(before).await?;
        let parcels = stage.make_many(1);
        stage.stores(parcels, Expect::Offset(stage.end())).await?;
    }
    stage.holds_all_from(7).await
}

pub(crate) async fn another_offset_is_a_conflict<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for end in [0_u64, 3, 6] {
        let parcels = stage.make(&[A, B]);
        for wrong in [0, 1, 2, end.saturating_sub(1), end + 1, end + 2, u64::MAX] {
            if wrong == end {
                continue;
            }
            let what = format!("OffsetConflict {{ expected: {wrong}, actual: {end} }}");
            let is_it = |error: &Error| is_conflict(error, wrong, end);
            stage.refuses(&parcels, Expect::Offset(wrong), 0, &what, is_it).await?;
        }
        // It was not stored, so it is no repetition.
        stage.stores(parcels, Expect::Offset(end)).await?;
        stage.append(&[B]).await?;
    }
    stage.holds_all_from(0).await
}

fn is_conflict(error: &Error, was_expected: u64, was_found: u64) -> bool {
    matches!(error, Error::OffsetConflict { expected, actual }
        if *expected == was_expected && *actual == was_found)
}

/// Appends that must fail, for one reason or another, among many that must not.
pub(crate) async fn fails_for_one_caller_only<H: StoreHarness>(scene: Scene<H>) -> Check {
    const ROUNDS: usize = 8;

    let mut stage = scene.repository().await?;
    let stored = stage.append(&[A, B]).await?;
    for _ in 0..ROUNDS {
        let mut appends = JoinSet::new();
        for i in 0..12 {
            let own = stage.make(&[A, B]);
            let (parcels, expect) = match i {
                3 => (own, Expect::Offset(1 << 40)),
                6 => (vec![stored[1].parcel.clone(), own[0].clone()], Expect::Any),
                9 => (vec![own[0].clone(), own[0].clone()], Expect::Any),
                _ => (own, Expect::Any),
            };
            let env = stage.env.clone();
            appends.spawn(async move {
                let got = env.repository().append(parcels.clone(), expect).await;
                match i {
                    3 => is_refused(&got, "OffsetConflict", |error| {
                        matches!(error, Error::OffsetConflict { expected, actual }
                            if *expected == 1 << 40 && *actual % 2 == 0)
                    })?,
                    6 => is_refused(&got, "DuplicateMessage", |error| {
                        matches!(error, Error::DuplicateMessage { offset: 1, .. })
                    })?,
                    9 => is_refused(&got, "InvalidEnvelope", |error| {
                        matches!(error, Error::InvalidEnvelope { .. })
                    })?,
                    _ => return succeeded(got, parcels).map(Some),
                }
                Ok(None)
            });
        }
        stage.progress.doing("waiting for appends side by side, of which some must fail");
        let mut stored: Vec<_> = tasks::all(appends).await?.into_iter().flatten().collect();
        stored.sort_by_key(|(range, _)| range.start);
        for (range, parcels) in stored {
            ensure!(
                range == (stage.end()..stage.end() + 2),
                "an append side by side with others returns {range:?}, but {} comes next",
                stage.end()
            );
            stage.record.add(parcels);
        }
        stage.holds_all_from(0).await?;
    }
    Ok(())
}

fn succeeded(got: Result<Range<u64>>, parcels: Vec<Parcel>) -> Check<(Range<u64>, Vec<Parcel>)> {
    match got {
        Ok(range) => Ok((range, parcels)),
        Err(error) => fail!(
            "an append that expects nothing fails, side by side with others that must: {}",
            chain(&error)
        ),
    }
}

pub(crate) async fn one_of_several_succeeds<H: StoreHarness>(scene: Scene<H>) -> Check {
    const ROUNDS: usize = 20;

    let mut stage = scene.repository().await?;
    for _ in 0..ROUNDS {
        let end = stage.end();
        let mut appends = JoinSet::new();
        for _ in 0..8 {
            let parcels = stage.make(&[A]);
            let env = stage.env.clone();
            appends.spawn(async move {
                let store = env.repository();
                let got = store.append(parcels.clone(), Expect::Offset(end)).await;
                if got.as_ref().is_ok_and(|range| *range == (end..end + 1)) {
                    return Ok(Some(parcels));
                }
                let what = format!("OffsetConflict {{ expected: {end}, actual: {} }}", end + 1);
                is_refused(&got, &what, |error| is_conflict(error, end, end + 1))?;
                // It was told of an offset, so that is there.
                let next = store.next_offset().await;
                ensure!(
                    next.as_ref().is_ok_and(|next| *next == end + 1),
                    "the next offset is {}, but is said to be {next:?}",
                    end + 1
                );
                Ok(None)
            });
        }
        stage.progress.doing(format!("waiting for appends that all expect {end}"));
        let stored: Vec<_> = tasks::all(appends).await?.into_iter().flatten().collect();
        ensure!(
            stored.len() == 1,
            "of 8 appends that expect {end}, 1 must succeed, but {} have",
            stored.len()
        );
        stage.record.add(stored.concat());
        stage.next_offset_fits().await?;
    }
    stage.holds_all_from(0).await
}
