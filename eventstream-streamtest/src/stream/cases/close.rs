use eventstream_core::{Cursor, CursorExt, Error, Event, Result};

use crate::{
    StreamHarness,
    events::{first_of, outcome},
    failure::{Check, fail},
    parcels::A,
    scene::Scene,
    stream::call::{Call, is_closed},
    stream::reader::{Depth, closes, closes_no_more},
};

pub(crate) async fn before_next<H: StreamHarness>(scene: Scene<H>) -> Check {
    let stage = scene.start().await?;
    let mut reader = stage.open_any(0).await?;
    reader.close()?;
    reader.expect_closed().await
}

pub(crate) async fn wakes_a_pending_next<H: StreamHarness>(scene: Scene<H>) -> Check {
    const RACES: usize = 50;

    let mut stage = scene.start().await?;
    stage.append(&[A]).await?;
    for call in Call::BOTH {
        for depth in Depth::BOTH {
            let mut reader = stage.open_any(0).await?;
            reader.expect(stage.log()).await?;
            let handle = reader.cursor.close_handle();
            let name = reader.name.clone();
            let waiting = reader.wait(call, depth).await?;
            closes(&name, handle.close())?;
            waiting.says_closed().await?;
            reader.expect_closed().await?;
        }
        // From another task, while the call is about to wait.
        for _ in 0..RACES {
            let mut reader = stage.open_any(1).await?;
            let handle = reader.cursor.close_handle();
            let closing = tokio::spawn(async move { handle.close() });
            let got = reader.call(call).await?;
            is_closed(&reader.name, call, &got)?;
            drop(closing);
        }
    }
    Ok(())
}

pub(crate) async fn wins_over_waiting_events<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(20).await?;
    // Before anything was read, and when what follows may be read ahead.
    let mut unread = stage.open_any(0).await?;
    let mut by_next = stage.open_any(0).await?;
    by_next.expect(&stage.events(0..3)).await?;
    let mut by_batch = stage.open_any(0).await?;
    let got = by_batch.call(Call::Batch(2)).await?;
    first_of(&by_batch.name, stage.log(), &got)?;
    for reader in [&mut unread, &mut by_next, &mut by_batch] {
        reader.close()?;
        reader.expect_closed().await?;
    }

    // Event and close come while it waits: it was not polled since.
    let mut reader = stage.open_any(20).await?;
    let handle = reader.cursor.close_handle();
    let name = reader.name.clone();
    let waiting = reader.wait(Call::Next, Depth::Settled).await?;
    stage.append(&[A]).await?;
    closes(&name, handle.close())?;
    waiting.says_closed().await
}

pub(crate) async fn twice_is_an_error<H: StreamHarness>(scene: Scene<H>) -> Check {
    let stage = scene.start().await?;
    let mut reader = stage.open_any(0).await?;
    let handle = reader.cursor.close_handle();
    reader.close()?;
    for handle in [handle.clone(), handle, reader.cursor.close_handle()] {
        closes_no_more(&reader.name, handle.close())?;
    }
    closes_no_more(&reader.name, reader.cursor.close())?;
    reader.expect_closed().await
}

pub(crate) async fn is_for_one_cursor<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A]).await?;
    let mut closed = stage.open_any(0).await?;
    let mut reading = stage.open_any(0).await?;
    let mut waiting = stage.open_any(1).await?;
    let wait = waiting.wait(Call::Next, Depth::Settled).await?;
    closed.close()?;
    closed.expect_closed().await?;

    reading.expect(stage.log()).await?;
    let events = stage.append(&[A]).await?;
    wait.brings(&events).await?;
    reading.expect(&events).await?;
    // Nor for those that come after it.
    stage.open_any(0).await?.expect(stage.log()).await?;
    reading.close()?;
    waiting.close()
}

/// Everything that the harness holds is dropped, while cursors read, wait and have yet to begin.
pub(crate) async fn a_source_that_goes_away_is_not_a_close<H: StreamHarness>(
    scene: Scene<H>,
) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(20).await?;
    let mut reading = stage.open_any(0).await?;
    reading.expect(&stage.events(0..3)).await?;
    let mut unread = stage.open_any(0).await?;
    let mut waiting = stage.open_any(20).await?;
    let mut wait = waiting.wait(Call::Next, Depth::Settled).await?;
    let log = stage.drop_env();

    let got = wait.hand.settle(scene.timing.quiet).await;
    drop(wait);
    ends_well(&waiting.name, &[], got)?;
    for (reader, mut rest) in [(&mut reading, &log[3..]), (&mut unread, &log[..])] {
        // What it has read ahead may still come.
        loop {
            let got = reader.by_hand(Call::Next)?.settle(scene.timing.quiet).await;
            match ends_well(&reader.name, rest, got)? {
                Some(others) => rest = others,
                None => break,
            }
        }
    }
    for reader in [&mut reading, &mut unread, &mut waiting] {
        reader.close()?;
        reader.expect_closed().await?;
    }
    Ok(())
}

/// What a call comes to when the source has gone; returns the events that may still come, unless
/// this was the end.
fn ends_well<'e>(
    name: &str,
    expected: &'e [Event],
    got: Option<Check<Result<Vec<Event>>>>,
) -> Check<Option<&'e [Event]>> {
    match got.transpose()? {
        None | Some(Err(Error::Backend { .. })) => Ok(None),
        Some(got @ Ok(_)) => first_of(name, expected, &got).map(Some),
        Some(got) => fail!(
            "the source of {name} has gone away: it must say Backend, or wait, but {}",
            outcome(&got)
        ),
    }
}
