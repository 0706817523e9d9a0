use eventstream_core::{Error, EventStream, EventTypes};

use crate::{
    StreamEnv, StreamHarness,
    failure::{Check, chain, ensure, fail},
    parcels::{A, B, C, TYPES},
    scene::Scene,
    stream::stage::Stage,
};

pub(crate) async fn declares_what_it_carries<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let before = declared(&stage).await?;
    stage.append(&TYPES).await?;
    for types in [before, declared(&stage).await?] {
        for name in TYPES {
            ensure!(
                types.contains(name),
                "the stream carries {name}, but says that its types are: {types}"
            );
        }
    }
    Ok(())
}

pub(crate) async fn honours_the_offset<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A, B, B, A, C, B, A, A, C, B, A, B]).await?;
    for types in [EventTypes::any(), A.into(), [B, C].into_iter().collect()] {
        for offset in 0..=stage.end() {
            let mut reader = stage.open(offset, types.clone()).await?;
            let events = stage.matching(offset, &types);
            let first = events.first().map_or(stage.end(), |event| event.offset);
            reader.position_is_within(offset..=first)?;
            reader.expect(&events).await?;
        }
    }
    Ok(())
}

pub(crate) async fn past_the_end_waits<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    let mut on_empty = stage.open_any(2).await?;
    stage.append(&[A, B]).await?;

    let mut reader = stage.open_any(5).await?;
    let mut filtered = stage.open(5, B).await?;
    let mut far = stage.open_any(u64::MAX).await?;
    reader.position_is(5)?;
    for reader in [&mut on_empty, &mut reader, &mut filtered, &mut far] {
        reader.expect_quiet().await?;
    }
    // Up to the offset, but not to it.
    stage.append(&[A, B, B]).await?;
    on_empty.expect(&stage.events(2..5)).await?;
    reader.expect_quiet().await?;
    filtered.expect_quiet().await?;

    stage.append(&[A, B]).await?;
    reader.expect(&stage.events(5..7)).await?;
    filtered.expect(&stage.events(6..7)).await?;
    far.expect_quiet().await
}

pub(crate) async fn refuses_an_empty_filter<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    stage.append(&[A]).await?;
    for offset in [0, 1, 7] {
        match stage.try_open(offset, EventTypes::none()).await {
            Err(Error::NoEventTypes) => {}
            Err(error) => fail!(
                "opening for no event types must be refused with NoEventTypes, but says: {}",
                chain(&error)
            ),
            Ok(_) => fail!("opening for no event types must be refused, but there is a cursor"),
        }
    }
    Ok(())
}

pub(crate) async fn refuses_types_that_are_not_declared<H: StreamHarness>(
    scene: Scene<H>,
) -> Check {
    const UNKNOWN: [&str; 2] = ["streamtest.undeclared", "streamtest.unheard-of"];

    let mut stage = scene.start().await?;
    stage.append(&[A]).await?;
    let is_open = declared(&stage).await?.is_any();
    for known in [&[][..], &[A][..], &[A, B, C][..]] {
        let types: EventTypes = known.iter().chain(&UNKNOWN).copied().collect();
        match stage.try_open(0, types.clone()).await {
            Ok(_) if is_open => {}
            Ok(_) => fail!("the stream declares its types, but can be opened for {types}"),
            Err(Error::UnsupportedEventTypes { types: named }) if !is_open => ensure!(
                named == EventTypes::from_iter(UNKNOWN),
                "opening for {types} must be refused for {}, but the error names: {named}",
                EventTypes::from_iter(UNKNOWN)
            ),
            Err(error) if is_open => {
                fail!("the stream is open, but is not to be opened for {types}: {}", chain(&error))
            }
            Err(error) => fail!(
                "opening for {types} must be refused with UnsupportedEventTypes, but says: {}",
                chain(&error)
            ),
        }
    }
    // What it declares can be asked for: all of it, and each.
    for types in [EventTypes::from_iter(TYPES), A.into(), B.into(), C.into()] {
        stage.open(0, types).await?;
    }
    Ok(())
}

async fn declared<E: StreamEnv>(stage: &Stage<E>) -> Check<EventTypes> {
    stage.progress.doing("asking for the stream's event types");
    match stage.env.stream().event_types().await {
        Ok(types) => Ok(types),
        Err(error) => fail!("the event types can't be had: {}", chain(&error)),
    }
}
