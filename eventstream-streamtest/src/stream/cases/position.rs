use std::time::Instant;

use eventstream_core::{Cursor, EventTypes};

use crate::{
    StreamHarness, Timing,
    failure::{Check, fail},
    parcels::{A, B, C},
    scene::Scene,
    stream::call::Call,
    stream::reader::{Depth, Reader},
};

pub(crate) async fn follows_the_events<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A, B, B, A, C, B, A, A, C, C]).await?;
    for offset in [0, 3, 10, 14] {
        stage.open_any(offset).await?.position_is(offset)?;
    }

    for max in [1, 3] {
        let mut reader = stage.open_any(0).await?;
        let mut read = 0;
        while read < stage.end() {
            let call = if max == 1 { Call::Next } else { Call::Batch(max) };
            read += reader.delivered(call).await?.len() as u64;
            reader.position_is(read)?;
        }
        reader.expect_quiet().await?;
        reader.position_is(read)?;
    }

    // It may have looked over those that are filtered out, but never over one that is not.
    let types = EventTypes::from(A);
    let mut reader = stage.open(0, types.clone()).await?;
    let events = stage.matching(0, &types);
    for (i, event) in events.iter().enumerate() {
        reader.expect(std::slice::from_ref(event)).await?;
        let latest = events.get(i + 1).map_or(stage.end(), |next| next.offset);
        reader.position_is_within(event.offset + 1..=latest)?;
    }
    Ok(())
}

pub(crate) async fn moves_over_filtered_events<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A]).await?;
    stage.append(&[B; 50]).await?;
    let mut reader = stage.open(0, A).await?;
    reader.expect(&stage.events(0..1)).await?;
    comes_to(&mut reader, stage.end(), scene.timing).await?;

    // While it waits, too.
    let waiting = reader.wait(Call::Next, Depth::Settled).await?;
    stage.append(&[B, C]).await?;
    drop(waiting);
    comes_to(&mut reader, stage.end(), scene.timing).await?;

    // And from the beginning, without one that matches.
    let mut reader = stage.open(1, A).await?;
    comes_to(&mut reader, stage.end(), scene.timing).await?;
    let events = stage.append(&[B, A, B]).await?;
    reader.expect(&events[1..2]).await
}

/// The position moves on, though nothing is delivered.
async fn comes_to<C: Cursor>(reader: &mut Reader<C>, end: u64, timing: Timing) -> Check {
    let start = Instant::now();
    loop {
        reader.expect_quiet().await?;
        reader.position_is_within(0..=end)?;
        let position = reader.cursor.position();
        if position == end {
            return Ok(());
        }
        // A part of the deadline, so that the failure can say more than that it is over.
        if start.elapsed() > timing.deadline / 4 {
            fail!(
                "the position of {} stays at {position}, but all events up to {end} are filtered \
                 out",
                reader.name
            );
        }
    }
}
