use std::time::{Duration, Instant};

use eventstream_core::EventTypes;

use crate::{
    StreamHarness,
    events::first_of,
    failure::Check,
    parcels::{A, B, C},
    race::Race,
    scene::Scene,
    stream::call::Call,
    stream::reader::Depth,
};

pub(crate) async fn delivers_in_order<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(25).await?;
    let mut reader = stage.open_any(0).await?;
    reader.expect(stage.log()).await?;
    // Across the border between what was there and what comes.
    for count in [1, 3, 10] {
        let events = stage.append_many(count).await?;
        reader.expect(&events).await?;
    }
    stage.open_any(0).await?.expect(stage.log()).await
}

pub(crate) async fn delivers_each_event_once<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open(0, A).await?;
    for _ in 0..2 {
        let events = stage.append(&[A]).await?;
        reader.expect(&events).await?;
        reader.expect_quiet().await?;
    }
    for depth in Depth::BOTH {
        let waiting = reader.wait(Call::Next, depth).await?;
        let events = stage.append(&[A]).await?;
        waiting.brings(&events).await?;
    }
    reader.expect_quiet().await
}

pub(crate) async fn does_not_repeat_after_a_filtered_event<H: StreamHarness>(
    scene: Scene<H>,
) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open(0, A).await?;
    for _ in 0..2 {
        let events = stage.append(&[A]).await?;
        reader.expect(&events).await?;
        stage.append(&[B]).await?;
        reader.expect_quiet().await?;
    }
    for depth in Depth::BOTH {
        let mut waiting = reader.wait(Call::Next, depth).await?;
        stage.append(&[B]).await?;
        waiting.is_quiet(Depth::Settled).await?;
        let events = stage.append(&[C, B, A]).await?;
        waiting.brings(&events[2..]).await?;
    }
    reader.expect_quiet().await
}

pub(crate) async fn delivers_only_the_types_asked_for<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    // With long runs that are passed over, at the beginning and further on.
    stage.append(&[B; 40]).await?;
    stage.append(&[A, B, C, C, A, B]).await?;
    stage.append(&[C; 40]).await?;
    stage.append(&[A, C, B]).await?;
    let named = |names: &[&str]| names.iter().copied().collect();
    for types in [named(&[A]), named(&[B]), named(&[A, C]), named(&[A, B, C]), EventTypes::any()] {
        let mut reader = stage.open(0, types.clone()).await?;
        reader.expect(&stage.matching(0, &types)).await?;
        let live = stage.append(&[C, B, A]).await?;
        reader.expect(&stage.matching(live[0].offset, &types)).await?;
        reader.expect_quiet().await?;
    }
    Ok(())
}

pub(crate) async fn waits_when_nothing_is_there<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open_any(0).await?;
    reader.expect_quiet().await?;
    stage.append_many(2).await?;
    reader.expect(stage.log()).await?;
    reader.expect_quiet().await?;
    // Nothing for this one.
    let mut filtered = stage.open(2, C).await?;
    stage.append(&[A, B]).await?;
    filtered.expect_quiet().await
}

pub(crate) async fn wakes_on_append<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open_any(0).await?;
    let mut filtered = stage.open(0, C).await?;
    for call in Call::BOTH {
        for depth in Depth::BOTH {
            let waiting = reader.wait(call, depth).await?;
            let waiting_for_c = filtered.wait(call, depth).await?;
            let events = stage.append(&[A, B, C]).await?;
            let others = waiting.brings(&events).await?;
            reader.expect(others).await?;
            waiting_for_c.brings(&events[2..]).await?;
        }
    }
    Ok(())
}

/// Appends race with a cursor that is just about to wait, on a thread of its own. Each is waited
/// for before the next one, so that no later wake-up makes good for one that is lost.
pub(crate) async fn never_misses_a_wake_up<H: StreamHarness>(scene: Scene<H>) -> Check {
    const APPENDS: usize = 3_000;
    /// Enough for a store that writes to a disk, which is slow enough to be raced by few.
    const TIME: Duration = Duration::from_secs(2);

    let mut stage = scene.start().await?;
    let mut race = Race::start(stage.open_any(0).await?);
    let start = Instant::now();
    for i in 0..APPENDS {
        let parcels = vec![stage.parcels.make(A)];
        race.begin();
        let events = stage.append_parcels(parcels).await?;
        stage.progress.doing(format!("waiting for event {i} in another thread"));
        let got = race.finish().await?.map(|event| vec![event]);
        first_of("the cursor in another thread", &events, &got)?;
        if start.elapsed() > TIME {
            break;
        }
    }
    race.end().await;
    Ok(())
}

pub(crate) async fn cursors_do_not_compete<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(3).await?;
    let mut readers = Vec::new();
    for types in [EventTypes::any(), EventTypes::any(), A.into(), A.into()] {
        readers.push((stage.open(0, types.clone()).await?, types));
    }
    // One after the other …
    for (reader, types) in &mut readers {
        reader.expect(&stage.matching(0, types)).await?;
    }
    // … and waiting side by side, with one that is gone before anything comes.
    for depth in Depth::BOTH {
        let mut gone = stage.open_any(stage.end()).await?;
        drop(gone.wait(Call::Next, depth).await?);
        drop(gone);
        let mut waiting = Vec::new();
        for (reader, _) in &mut readers {
            waiting.push(reader.wait(Call::Next, depth).await?);
        }
        let events = stage.append(&[A]).await?;
        for waiting in waiting {
            waiting.brings(&events).await?;
        }
    }
    Ok(())
}
