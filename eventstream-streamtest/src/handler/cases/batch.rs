use crate::{HandlerHarness, failure::Check, scene::Scene};

pub(crate) async fn has_its_effects_in_order<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offsets in [&[0, 1, 2][..], &[3], &[6, 7, 9, 30], &[40, 41]] {
        let batch = stage.events(offsets);
        stage.handles_and_fits(&mut handler, batch).await?;
    }
    // In turn with single events, and without a question in between.
    let (single, many) = (stage.event(42), (43..150).collect::<Vec<_>>());
    let batches = [stage.events(&many), stage.events(&[152, 153])];
    stage.handles(&mut handler, single).await?;
    for batch in batches {
        stage.handles(&mut handler, batch).await?;
    }
    stage.fits(&mut handler).await?;
    stage.restart(handler).await.map(drop)
}

pub(crate) async fn at_another_offset_is_a_conflict<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    let too_far = stage.events(&[1, 2, 3]);
    stage.refuses(&mut handler, 1, too_far).await?;
    let first = stage.events(&[0, 1, 4]);
    stage.handles_and_fits(&mut handler, first.clone()).await?;
    for _ in 0..2 {
        // What was handled already, what was not, and something of both.
        stage.refuses(&mut handler, 0, first.clone()).await?;
        stage.refuses(&mut handler, 4, first[2..].to_vec()).await?;
        for (offset, offsets) in
            [(1, &[1, 4, 5, 6][..]), (2, &[5, 6]), (4, &[6]), (6, &[6, 7]), (7, &[8, 9, 12])]
        {
            let batch = stage.events(offsets);
            stage.refuses(&mut handler, offset, batch).await?;
        }
        handler = stage.restart(handler).await?;
    }
    let rest = stage.events(&[5, 6]);
    stage.handles_and_fits(&mut handler, rest).await
}

pub(crate) async fn that_fails_has_handled_its_first_events<H: HandlerHarness>(
    scene: Scene<H>,
) -> Check {
    for at_fault in [2, 0, 4] {
        let mut stage = scene.stage().await?;
        let mut handler = stage.open("the handler").await?;
        let first = stage.event(0);
        stage.handles(&mut handler, first).await?;

        let mut events = stage.events(&[1, 3, 4, 6, 7]);
        events[at_fault] = stage.failing_event(events[at_fault].offset)?;
        let done = stage.batch_fails(&mut handler, &events, at_fault).await?;
        if at_fault == 2 {
            handler = stage.restart(handler).await?;
        }

        // One by one, up to the event at fault, and past it.
        for event in events[done..at_fault].iter().cloned() {
            stage.handles_and_fits(&mut handler, event).await?;
        }
        stage.fails(&mut handler, events[at_fault].clone()).await?;
        for event in events.split_off(at_fault + 1) {
            stage.handles_and_fits(&mut handler, event).await?;
        }
        stage.restart(handler).await?;
    }
    Ok(())
}
