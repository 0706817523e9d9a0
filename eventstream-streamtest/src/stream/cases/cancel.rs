use std::time::Duration;

use eventstream_core::EventTypes;
use tokio::time::{sleep, timeout};

use crate::{
    StreamHarness,
    events::{first_of, outcome},
    failure::{Check, ensure, fail},
    parcels::{A, B, C},
    scene::Scene,
    stream::call::Call,
    stream::reader::Depth,
};

pub(crate) async fn dropping_next_loses_nothing<H: StreamHarness>(scene: Scene<H>) -> Check {
    dropping_loses_nothing(scene, Call::Next).await
}

pub(crate) async fn dropping_next_batch_loses_nothing<H: StreamHarness>(scene: Scene<H>) -> Check {
    dropping_loses_nothing(scene, Call::Batch(3)).await
}

/// More polls than any call should need to come to its end.
const MOST_POLLS: usize = 32;

async fn dropping_loses_nothing<H: StreamHarness>(scene: Scene<H>, call: Call) -> Check {
    in_history(&scene, call).await?;
    while_it_waits(&scene, call).await?;
    with_others_waiting(&scene, call).await
}

/// Each call is dropped after so many polls, at whatever it awaits there; then after one more,
/// until none is left that does not come to its end.
async fn in_history<H: StreamHarness>(scene: &Scene<H>, call: Call) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A, B, C, A, A, C, C, B, A, C, C, C, A, B, B, A]).await?;
    for types in [EventTypes::any(), [A, B].into_iter().collect()] {
        for polls in 0..MOST_POLLS {
            let mut reader = stage.open(0, types.clone()).await?;
            let events = stage.matching(0, &types);
            let mut rest = events.as_slice();
            let mut dropped = false;
            while let Some(next) = rest.first() {
                let mut got = None;
                for _ in 0..2 {
                    got = reader.by_hand(call)?.polls(polls).await;
                    if got.is_some() {
                        break;
                    }
                    dropped = true;
                    // Nothing was delivered, and the position must not say that something was.
                    reader.position_is_within(0..=next.offset)?;
                }
                let got = match got {
                    Some(got) => got?,
                    None => reader.call(call).await?,
                };
                rest = first_of(&reader.name, rest, &got)?;
            }
            if !dropped {
                break;
            }
        }
    }
    Ok(())
}

/// The call is dropped before the event comes, and then after so many polls since it came.
async fn while_it_waits<H: StreamHarness>(scene: &Scene<H>, call: Call) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open(0, A).await?;
    for depth in Depth::BOTH {
        drop(reader.wait(call, depth).await?);
        let events = stage.append(&[B, A]).await?;
        reader.expect_by(call, &events[1..]).await?;

        for polls in 0..MOST_POLLS {
            let mut waiting = reader.wait(call, depth).await?;
            let events = stage.append(&[B, A]).await?;
            let got = waiting.hand.polls(polls).await;
            drop(waiting);
            if let Some(got) = got {
                first_of(&reader.name, &events[1..], &got?)?;
                break;
            }
            reader.position_is_within(0..=events[1].offset)?;
            reader.expect_by(call, &events[1..]).await?;
        }
    }
    Ok(())
}

/// The call is woken, but dropped before it is polled again: that takes the event away neither
/// from its cursor nor from another one.
async fn with_others_waiting<H: StreamHarness>(scene: &Scene<H>, call: Call) -> Check {
    let mut stage = scene.start().await?;
    let mut reader = stage.open_any(0).await?;
    let mut before = stage.open_any(0).await?;
    let mut after = stage.open_any(0).await?;
    for depth in Depth::BOTH {
        let before = before.wait(call, depth).await?;
        let mut waiting = reader.wait(call, depth).await?;
        let after = after.wait(call, depth).await?;
        let events = stage.append(&[A]).await?;
        stage.progress.doing("waiting for an append to wake a call");
        waiting.hand.woken().await;
        drop(waiting);
        before.brings(&events).await?;
        after.brings(&events).await?;
        reader.expect_by(call, &events).await?;
    }
    Ok(())
}

/// Events are there, and more come, while a loop of short timeouts reads them.
pub(crate) async fn a_timeout_loses_nothing<H: StreamHarness>(scene: Scene<H>) -> Check {
    const EVENTS: usize = 80;

    let mut stage = scene.start().await?;
    stage.append(&[A; 20]).await?;
    let mut reader = stage.open_any(0).await?;
    let task = tokio::spawn(async move {
        let mut events = Vec::new();
        let mut calls = [Call::Next, Call::Batch(3)].into_iter().cycle();
        let mut patience = Duration::ZERO;
        while events.len() < EVENTS {
            let call = calls.next().unwrap_or(Call::Next);
            let got = if patience.is_zero() {
                // A timeout of nothing need not be over at once.
                reader.by_hand(call)?.poll()
            } else {
                timeout(patience, reader.call(call)).await.ok()
            };
            let Some(got) = got else {
                // A cursor that can't be as quick gets more time: it has to come on, too.
                patience = patience * 2 + Duration::from_micros(100);
                continue;
            };
            let got = got?;
            ensure!(got.is_ok(), "{call} of {} {}", reader.name, outcome(&got));
            events.extend(got.unwrap_or_default());
            patience = Duration::ZERO;
        }
        Ok(events)
    });
    while stage.log().len() < EVENTS {
        stage.append(&[A; 3]).await?;
        // Not for the events to arrive, but so that they come now and then.
        sleep(Duration::from_millis(1)).await;
    }
    stage.progress.doing(format!("reading {EVENTS} events with short timeouts"));
    match task.await {
        Ok(got) => {
            let name = "the cursor that is read with timeouts";
            first_of(name, stage.log(), &Ok(got?)).map(drop)
        }
        Err(error) => fail!("reading with short timeouts has panicked: {error}"),
    }
}
