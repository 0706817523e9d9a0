use eventstream_core::{Event, EventQuery, EventTypes, Identity};

use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::{Check, ensure, fail},
    parcels::{A, B, C, TYPES},
    repository::{
        scan::Scan,
        stage::{Stage, is_truncated},
        wanted::Wanted,
    },
    scene::Scene,
};

pub(crate) async fn before_the_oldest_is_an_error<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, A, B, A, A, B, C, B, A]).await?;
    stage.truncate(4).await?;
    for offset in 0..4 {
        // Also if the first event of the type is still there.
        for types in [EventTypes::any(), A.into(), C.into()] {
            is_refused(&stage, offset, types, 4).await?;
        }
    }
    // Also if nothing is there any more, and when something is there again.
    stage.truncate(10).await?;
    for offset in [0, 4, 9] {
        is_refused(&stage, offset, EventTypes::any(), 10).await?;
    }
    stage.append(&[A]).await?;
    is_refused(&stage, 0, EventTypes::any(), 10).await?;
    is_refused(&stage, 9, A.into(), 10).await
}

/// Refused at once, or by the first batch.
async fn is_refused<E: RepositoryEnv>(
    stage: &Stage<E>,
    offset: u64,
    types: EventTypes,
    oldest: u64,
) -> Check {
    let name = format!("a query from {offset} for {types}");
    let error = match stage.try_load(offset, types).await {
        Ok(mut scan) => scan.batch(5).await?.err(),
        Err(error) => Some(error),
    };
    is_truncated(&name, offset, oldest, error.as_ref())
}

pub(crate) async fn the_oldest_can_be_read<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, A, B, A]).await?;
    stage.append(&[A, B, C, B, A]).await?;
    // In the middle of an append, nothing, nothing, at its border, and all: the next offset is
    // where it was.
    let mut oldest = 0;
    for before in [4, 4, 2, 5, 10] {
        stage.truncate(before).await?;
        oldest = oldest.max(before);
        for types in [EventTypes::any(), B.into()] {
            for offset in oldest..=10 {
                stage.holds(offset, types.clone()).await?;
            }
        }
    }
    stage.append(&[A, B]).await?;
    stage.holds_all_from(10).await
}

pub(crate) async fn sources_start_at_the_oldest<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let handler = Identity::new("order", "2a1f6c0e-73f4-4d39-8e5b-6a9b0c4f1d04");
    for _ in 0..3 {
        let parcels = ["1", "2", "1"].map(|id| stage.parcels.make_from(Some(&handler), id));
        stage.append_parcels(parcels.to_vec()).await?;
    }
    for before in [0, 1, 5, 6, 9] {
        stage.truncate(before).await?;
        for instance in ["1", "2", "3"] {
            stage.holds(before, Wanted::source(&handler.key, instance)).await?;
        }
    }
    let parcel = stage.parcels.make_from(Some(&handler), "2");
    stage.append_parcels(vec![parcel]).await?;
    stage.holds(9, Wanted::source(&handler.key, "2")).await
}

pub(crate) async fn spares_a_query_ahead_of_it<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append_many(10).await?;
    let mut at_the_border = stage.load_any(0).await?;
    at_the_border.expect(6, &stage.events(0..6), stage.end()).await?;
    let mut past_it = stage.load_any(7).await?;
    let mut at_the_end = stage.load_any(10).await?;

    stage.truncate(6).await?;
    past_it.rest_is(2, &stage.events(7..10), stage.end()).await?;
    at_the_border.expect(1, &stage.events(6..8), stage.end()).await?;
    at_the_end.rest_is(2, &[], stage.end()).await?;
    stage.truncate(8).await?;
    at_the_border.rest_is(2, &stage.events(8..10), stage.end()).await
}

pub(crate) async fn overtakes_a_query<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    fill(&mut stage, scene.read_ahead).await?;
    let mut scans = Vec::new();
    for (types, max, read) in [
        (EventTypes::any(), 1, 0),
        (EventTypes::any(), 7, 3),
        (EventTypes::any(), 100, 1),
        (EventTypes::from_iter([B, C]), 2, 2),
    ] {
        let mut scan = stage.load(0, types.clone()).await?;
        let mut events = stage.matching(0, &types);
        let rest = events.split_off(read);
        scan.expect(1, &events, stage.end()).await?;
        scans.push((scan, max, rest));
    }
    let oldest = stage.end() - 1;
    stage.truncate(oldest).await?;
    for (scan, max, rest) in &mut scans {
        comes_to_the_gap(scan, *max, rest, stage.end(), oldest).await?;
    }
    Ok(())
}

pub(crate) async fn is_said_again<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    fill(&mut stage, scene.read_ahead).await?;
    let mut scan = stage.load_any(0).await?;
    scan.expect(1, &stage.events(0..1), stage.end()).await?;
    let oldest = stage.end() - 1;
    stage.truncate(oldest).await?;
    let rest = stage.events(1..stage.log().len());
    comes_to_the_gap(&mut scan, 7, &rest, stage.end(), oldest).await?;
    let position = scan.query.position();
    for max in [1, 5, 1] {
        let error = scan.batch(max).await?.err();
        is_truncated(&scan.name, position, oldest, error.as_ref())?;
        scan.position_is_within(position..=position)?;
    }
    Ok(())
}

/// More than a query may read ahead, of 4 KiB each.
async fn fill<E: RepositoryEnv>(stage: &mut Stage<E>, read_ahead: usize) -> Check {
    const CHUNK: usize = 64;

    let payload = format!("\"{}\"", "x".repeat((4 << 10) - 2));
    for _ in 0..=read_ahead.div_ceil(CHUNK) {
        let types = TYPES.into_iter().cycle().take(CHUNK);
        let parcels = types.map(|name| stage.parcels.make_with(name, payload.clone())).collect();
        stage.append_parcels(parcels).await?;
    }
    Ok(())
}

/// Reads what the query has read ahead, until it says that it is truncated.
async fn comes_to_the_gap<Q: EventQuery>(
    scan: &mut Scan<Q>,
    max: usize,
    mut rest: &[Event],
    end: u64,
    oldest: u64,
) -> Check {
    while let Some(next) = rest.first().filter(|next| next.offset < oldest) {
        let got = scan.batch(max).await?;
        if got.is_ok() {
            let before = rest.len();
            rest = scan.took(rest, &got, end)?;
            ensure!(rest.len() < before, "{} ends, though it is truncated", scan.name);
            continue;
        }
        // What it has passed over does not match, so that it may have moved on.
        let position = scan.query.position();
        is_truncated(&scan.name, position, oldest, got.err().as_ref())?;
        ensure!(
            position <= next.offset,
            "{} is truncated at {position}, but event {} was not returned",
            scan.name,
            next.offset
        );
        return Ok(());
    }
    fail!(
        "{} has returned all events up to {oldest}, though they are truncated: it has read ahead \
         more than it may",
        scan.name
    );
}
