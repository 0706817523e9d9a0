use eventstream_core::Cursor;

use crate::{
    StreamHarness, Timing,
    events::{first_of, outcome},
    failure::{Check, ensure, fail},
    parcels::{A, B, C},
    scene::Scene,
    stream::call::Call,
    stream::reader::{Depth, Reader},
};

pub(crate) async fn waits_for_the_first<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open(0, A).await?;
    for depth in Depth::BOTH {
        let mut waiting = reader.wait(Call::Batch(5), depth).await?;
        // For others: it waits on.
        stage.append(&[B, C]).await?;
        waiting.is_quiet(Depth::Settled).await?;
        let events = stage.append(&[A]).await?;
        waiting.brings(&events).await?;
    }
    Ok(())
}

/// It does not wait until there are as many as it may add.
pub(crate) async fn adds_what_is_at_hand<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(10).await?;
    let mut reader = stage.open_any(0).await?;
    reader.expect_by(Call::Batch(100), stage.log()).await?;
    for depth in Depth::BOTH {
        let waiting = reader.wait(Call::Batch(100), depth).await?;
        let events = stage.append_many(3).await?;
        let rest = waiting.brings(&events).await?;
        reader.expect_by(Call::Batch(100), rest).await?;
    }
    Ok(())
}

pub(crate) async fn never_exceeds_max<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(40).await?;
    for max in [1, 2, 3, 7, 39] {
        // Every call checks its max.
        let mut reader = stage.open_any(0).await?;
        reader.expect_by(Call::Batch(max), stage.log()).await?;
    }
    Ok(())
}

pub(crate) async fn max_zero_returns_at_once<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open_any(0).await?;
    adds_nothing(&mut reader, scene.timing).await?;
    stage.append_many(3).await?;
    adds_nothing(&mut reader, scene.timing).await?;
    reader.position_is(0)?;
    reader.expect(&stage.events(0..1)).await?;
    adds_nothing(&mut reader, scene.timing).await?;
    reader.expect(&stage.events(1..3)).await?;
    adds_nothing(&mut reader, scene.timing).await
}

async fn adds_nothing<C: Cursor>(reader: &mut Reader<C>, timing: Timing) -> Check {
    let call = Call::Batch(0);
    let got = reader.by_hand(call)?.settle(timing.quiet).await;
    match got.transpose()? {
        Some(Ok(events)) if events.is_empty() => Ok(()),
        Some(got) => fail!("{call} of {} must do nothing, but {}", reader.name, outcome(&got)),
        None => fail!("{call} of {} must return at once, but waits", reader.name),
    }
}

pub(crate) async fn keeps_what_the_buffer_held<H: StreamHarness>(scene: Scene<H>) -> Check {
    const MAX: usize = 2;

    let mut stage = scene.start().await?;
    let held = stage.append_many(MAX + 1).await?;
    stage.append_many(8).await?;
    let mut reader = stage.open_any(0).await?;
    let mut buf = held.clone();
    let mut rest = stage.log();
    while !rest.is_empty() {
        let before = buf.len();
        stage.progress.doing("adding a batch to a buffer that holds something");
        let result = reader.cursor.next_batch(&mut buf, MAX).await;
        ensure!(
            buf.len() >= before && buf[..held.len()] == held,
            "a batch of {} has not kept what the buffer held before: {before} events, and now \
             there are {}",
            reader.name,
            buf.len()
        );
        let got = Call::Batch(MAX).check(&reader.name, buf[before..].to_vec(), result)?;
        rest = first_of(&reader.name, rest, &got)?;
    }
    Ok(())
}

pub(crate) async fn mixes_with_next<H: StreamHarness>(scene: Scene<H>) -> Check {
    const CALLS: [Call; 6] =
        [Call::Next, Call::Batch(2), Call::Next, Call::Next, Call::Batch(3), Call::Batch(1)];

    let mut stage = scene.start().await?;
    stage.append_many(30).await?;
    let mut reader = stage.open_any(0).await?;
    let mut calls = CALLS.into_iter().cycle();
    for count in [0, 1, 10] {
        let events = stage.append_many(count).await?;
        let mut rest = if count == 0 { stage.log() } else { &events };
        while !rest.is_empty() {
            let got = reader.call(calls.next().unwrap_or(Call::Next)).await?;
            rest = first_of(&reader.name, rest, &got)?;
        }
    }
    Ok(())
}
