use eventstream_core::{EventQuery, EventTypes};

use crate::{
    RepositoryHarness,
    failure::{Check, ensure, fail},
    parcels::{A, B, C, TYPES},
    payloads,
    repository::wanted::Wanted,
    scene::Scene,
};

pub(crate) async fn returns_what_was_committed<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.holds(0, EventTypes::any()).await?;
    stage.append(&[A, B, C, A, A, B]).await?;
    stage.append_many(34).await?;
    for types in [EventTypes::any(), A.into(), [B, C].into_iter().collect()] {
        let events = stage.matching(0, &types);
        for max in [1, 2, 7, 100] {
            let mut scan = stage.load(0, types.clone()).await?;
            scan.rest_is(max, &events, stage.end()).await?;
        }
    }
    Ok(())
}

/// Before the first batch, between two of them, and at the end, after which it may come on.
pub(crate) async fn appends_leave_no_gap<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    for types in [EventTypes::any(), EventTypes::from(A)] {
        for read in [0, 1, 3] {
            let mut stage = scene.repository().await?;
            stage.append(&[A, B, A, C, A]).await?;
            let mut scan = stage.load(0, types.clone()).await?;
            let events = stage.matching(0, &types);
            scan.expect(1, &events[..read], stage.end()).await?;
            for _ in 0..3 {
                stage.append(&[A, B, C, A]).await?;
                let events = stage.matching(scan.next, &types);
                scan.rest_is(2, &events, stage.end()).await?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn position_follows_the_events<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, B, A, C, B, A, A, C, C, B]).await?;
    for types in [EventTypes::any(), EventTypes::from(A), EventTypes::from(C)] {
        for offset in [0, 1, 4, 8, 11, 14] {
            let events = stage.matching(offset, &types);
            // Also if it is asked for no event, or is asked again at the end.
            let mut scan = stage.load(offset, types.clone()).await?;
            scan.position_fits(&events, stage.end())?;
            let mut rest = events.as_slice();
            let mut before = scan.query.position();
            for max in [0, 1, 0, 2, 1].into_iter().cycle() {
                let at_end = rest.is_empty();
                let got = scan.batch(max).await?;
                rest = scan.took(rest, &got, stage.end())?;
                let position = scan.query.position();
                ensure!(
                    position >= before,
                    "the position of {} has moved back, from {before} to {position}",
                    scan.name
                );
                before = position;
                if at_end && max > 0 {
                    scan.has_ended(rest, stage.end())?;
                    break;
                }
            }
        }
    }
    Ok(())
}

pub(crate) async fn ends_past_what_was_committed<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A]).await?;
    stage.append(&[B; 50]).await?;
    for wanted in [
        Wanted::from(A),
        Wanted::from("streamtest.unheard-of"),
        Wanted::source("nobody", "instance-1"),
        Wanted::from(EventTypes::any()),
    ] {
        for offset in [0, 1, 20] {
            // It looks at the position itself.
            stage.holds(offset, wanted.clone()).await?;
        }
    }
    Ok(())
}

pub(crate) async fn never_exceeds_max<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append_many(20).await?;
    stage.append_many(20).await?;
    for max in [1, 2, 3, 7, 20, 39, usize::MAX] {
        // Every batch is checked for its max.
        let mut scan = stage.load_any(0).await?;
        scan.rest_is(max, stage.log(), stage.end()).await?;
    }
    Ok(())
}

/// However far apart those that match are.
pub(crate) async fn adds_nothing_only_at_the_end<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for _ in 0..4 {
        stage.append(&[B; 300]).await?;
        stage.append(&[A, C, A]).await?;
    }
    stage.append(&[B; 300]).await?;
    let types = EventTypes::from_iter([A, C]);
    let events = stage.matching(0, &types);
    for max in [1, 2, 100] {
        let mut scan = stage.load(0, types.clone()).await?;
        scan.expect(max, &events, stage.end()).await?;
        // And there it stays.
        for _ in 0..3 {
            scan.rest_is(max, &[], stage.end()).await?;
        }
    }
    Ok(())
}

pub(crate) async fn max_zero_adds_nothing<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[B, A, B, A, B]).await?;
    for types in [EventTypes::any(), EventTypes::from(A)] {
        let events = stage.matching(0, &types);
        let mut scan = stage.load(0, types).await?;
        for i in 0..=events.len() {
            let rest = &events[i..];
            for _ in 0..2 {
                // The check of each batch sees to it that it has added nothing.
                let call = scan.by_hand(0)?.finish().await;
                scan.took(rest, &call?, stage.end())?;
            }
            scan.expect(1, &rest[..rest.len().min(1)], stage.end()).await?;
        }
        scan.rest_is(1, &[], stage.end()).await?;
    }
    Ok(())
}

pub(crate) async fn keeps_what_the_buffer_held<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let held = stage.append_many(3).await?;
    stage.append_many(8).await?;
    let mut scan = stage.load_any(0).await?;
    let mut buf = held.clone();
    stage.progress.doing("adding batches to a buffer that holds something");
    loop {
        match scan.query.next_batch(&mut buf, 2).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => fail!("a batch of {} says: {error}", scan.name),
        }
    }
    let expected = [&held, stage.log()].concat();
    ensure!(
        buf == expected,
        "{} has not left what the buffer held before as it was, and added {} events behind it: \
         there are {} now",
        scan.name,
        stage.log().len(),
        buf.len()
    );
    Ok(())
}

pub(crate) async fn is_bounded_in_bytes<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    const MOST: usize = 4 << 20;

    let mut stage = scene.repository().await?;
    // In several appends, as a store may keep each as one.
    for count in [1, 12, 8, 3] {
        let parcels = (0..count)
            .map(|i| stage.parcels.make_with(TYPES[i % 3], payloads::text_of(256 << 10)))
            .collect();
        stage.append_parcels(parcels).await?;
    }
    for max in [usize::MAX, 100] {
        let mut scan = stage.load_any(0).await?;
        let mut rest = stage.log();
        while !rest.is_empty() {
            let got = scan.batch(max).await?;
            if let Ok(events) = &got {
                let bytes: usize = events.iter().map(|event| event.parcel.wire().len()).sum();
                ensure!(
                    bytes <= MOST || events.len() == 1,
                    "a batch of {} has {} events of {bytes} bytes together, but may have {MOST}",
                    scan.name,
                    events.len()
                );
                ensure!(!events.is_empty(), "{} ends too early", scan.name);
            }
            rest = scan.took(rest, &got, stage.end())?;
        }
    }
    Ok(())
}

pub(crate) async fn queries_do_not_compete<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append_many(12).await?;
    let mut scans = Vec::new();
    for types in [EventTypes::any(), EventTypes::any(), A.into(), A.into()] {
        scans.push((stage.load(0, types.clone()).await?, stage.matching(0, &types)));
    }
    // One is gone before it has read all.
    let mut gone = stage.load_any(0).await?;
    gone.expect(2, &stage.events(0..2), stage.end()).await?;
    drop(gone);
    for i in 0..3 {
        for (scan, events) in &mut scans {
            scan.expect(1, &events[i..=i], stage.end()).await?;
        }
    }
    for (scan, events) in &mut scans {
        scan.rest_is(5, &events[3..], stage.end()).await?;
    }
    Ok(())
}
