use eventstream_core::{Cursor, Error, Event, EventTypes, Result};

use crate::{
    StreamEnv, StreamHarness,
    events::{first_of, outcome},
    failure::{Check, chain, ensure, fail},
    parcels::{A, B, C, TYPES},
    scene::Scene,
    stream::call::Call,
    stream::reader::{Depth, Reader},
    stream::stage::Stage,
};

pub(crate) async fn before_the_oldest_is_an_error<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
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

/// Refused at once, or by the first call.
async fn is_refused<E: StreamEnv>(
    stage: &Stage<E>,
    offset: u64,
    types: EventTypes,
    oldest: u64,
) -> Check {
    for call in Call::BOTH {
        let (name, got) = match stage.try_open(offset, types.clone()).await {
            Ok(mut reader) => (reader.name.clone(), reader.call(call).await?),
            Err(error) => (format!("opening at {offset} for {types}"), Err(error)),
        };
        is_truncated(&name, offset, oldest, &got)?;
    }
    Ok(())
}

pub(crate) async fn the_oldest_can_be_read<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A, B, A, B, A, A, B, C, B, A]).await?;
    // The second and the third truncation do nothing.
    for before in [4, 4, 2] {
        stage.truncate(before).await?;
        for types in [EventTypes::any(), B.into()] {
            for offset in [4, 5, 9] {
                let mut reader = stage.open(offset, types.clone()).await?;
                reader.expect(&stage.matching(offset, &types)).await?;
            }
        }
    }
    // All of it: the next offset is where it was.
    stage.truncate(10).await?;
    let mut reader = stage.open_any(10).await?;
    reader.expect_quiet().await?;
    let events = stage.append(&[A, B]).await?;
    reader.expect(&events).await?;
    stage.open_any(10).await?.expect(&events).await
}

pub(crate) async fn spares_a_cursor_ahead_of_it<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append_many(10).await?;
    let mut at_the_border = stage.open_any(0).await?;
    at_the_border.expect(&stage.events(0..6)).await?;
    let mut past_it = stage.open_any(7).await?;
    let mut at_the_end = stage.open_any(10).await?;
    let waiting = at_the_end.wait(Call::Next, Depth::Settled).await?;

    stage.truncate(6).await?;
    at_the_border.expect(&stage.events(6..8)).await?;
    past_it.expect(&stage.events(7..10)).await?;
    let events = stage.append(&[A]).await?;
    waiting.brings(&events).await?;
    at_the_border.expect(&stage.events(8..11)).await?;
    past_it.expect(&events).await?;

    // Up to the end, where they all are now.
    let waiting = at_the_end.wait(Call::Next, Depth::Settled).await?;
    stage.truncate(stage.end()).await?;
    let events = stage.append(&[B, C]).await?;
    let rest = waiting.brings(&events).await?;
    at_the_end.expect(rest).await?;
    at_the_border.expect(&events).await?;
    past_it.expect(&events).await
}

pub(crate) async fn overtakes_a_cursor<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    fill(&mut stage, scene.read_ahead).await?;
    let mut readers = Vec::new();
    for (types, call, read) in [
        (EventTypes::any(), Call::Next, 0),
        (EventTypes::any(), Call::Next, 3),
        (EventTypes::any(), Call::Batch(7), 1),
        (EventTypes::from(B), Call::Next, 2),
    ] {
        let mut reader = stage.open(0, types.clone()).await?;
        let mut events = stage.matching(0, &types);
        let rest = events.split_off(read);
        reader.expect(&events).await?;
        readers.push((reader, call, rest));
    }
    let oldest = stage.end() - 1;
    stage.truncate(oldest).await?;
    for (reader, call, rest) in &mut readers {
        if !comes_to_the_gap(reader, *call, rest, oldest).await? {
            fail!(
                "{} has delivered all events up to {oldest}, though they are truncated, and \
                 it may read ahead no more than {}",
                reader.name,
                scene.read_ahead
            );
        }
    }
    // One that waits for an offset, which comes and goes before it is polled again: it may have
    // got all by then, but may leave nothing out.
    let end = stage.end();
    let mut reader = stage.open_any(end + 2).await?;
    drop(reader.wait(Call::Next, Depth::Settled).await?);
    stage.append_many(10).await?;
    stage.truncate(end + 8).await?;
    let rest = stage.matching(end + 2, &EventTypes::any());
    comes_to_the_gap(&mut reader, Call::Next, &rest, end + 8).await?;
    Ok(())
}

pub(crate) async fn is_said_again<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    fill(&mut stage, scene.read_ahead).await?;
    let mut readers = Vec::new();
    for call in [Call::Next, Call::Batch(7)] {
        let mut reader = stage.open_any(0).await?;
        reader.expect(&stage.events(0..1)).await?;
        readers.push((reader, call));
    }
    let oldest = stage.end() - 1;
    stage.truncate(oldest).await?;
    let rest = stage.events(1..stage.log().len());
    for (reader, call) in &mut readers {
        if !comes_to_the_gap(reader, *call, &rest, oldest).await? {
            fail!("{} has never said that it is truncated", reader.name);
        }
        let position = reader.cursor.position();
        for call in [Call::BOTH, Call::BOTH].concat() {
            let got = reader.call(call).await?;
            is_truncated(&reader.name, position, oldest, &got)?;
            reader.position_is(position)?;
        }
    }
    Ok(())
}

/// More than a cursor may read ahead, of 4 KiB each.
async fn fill<E: StreamEnv>(stage: &mut Stage<E>, read_ahead: usize) -> Check {
    const CHUNK: usize = 64;

    let payload = format!("\"{}\"", "x".repeat((4 << 10) - 2));
    for _ in 0..=read_ahead.div_ceil(CHUNK) {
        let types = TYPES.into_iter().cycle().take(CHUNK);
        let parcels = types.map(|name| stage.parcels.make_with(name, payload.clone())).collect();
        stage.append_parcels(parcels).await?;
    }
    Ok(())
}

/// Reads what the cursor has read ahead, until it says that it is truncated. False if it has come
/// to the oldest event that is left: then it has got all that was truncated before that.
async fn comes_to_the_gap<C: Cursor>(
    reader: &mut Reader<C>,
    call: Call,
    mut rest: &[Event],
    oldest: u64,
) -> Check<bool> {
    while let Some(next) = rest.first().filter(|next| next.offset < oldest) {
        let got = reader.call(call).await?;
        if got.is_ok() {
            rest = first_of(&reader.name, rest, &got)?;
            continue;
        }
        // What it has passed over was filtered out, so that it may have moved on.
        let position = reader.cursor.position();
        is_truncated(&reader.name, position, oldest, &got)?;
        ensure!(
            position <= next.offset,
            "{} is truncated at {position}, but event {} was not delivered",
            reader.name,
            next.offset
        );
        return Ok(true);
    }
    Ok(false)
}

/// Whether a call says `Truncated` in these numbers.
fn is_truncated(name: &str, position: u64, end: u64, got: &Result<Vec<Event>>) -> Check {
    match got {
        Err(Error::Truncated { requested, oldest }) => ensure!(
            *requested == position && *oldest == end,
            "{name} must say that {position} is truncated and {end} is the oldest, but says: {}",
            got.as_ref().err().map_or_else(String::new, |error| chain(error))
        ),
        got => fail!(
            "{name} must say that {position} is truncated and {end} is the oldest, but {}",
            outcome(got)
        ),
    }
    Ok(())
}
