use crate::{HandlerHarness, failure::Check, scene::Scene};

pub(crate) async fn at_a_lower_offset<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    let events = stage.events(&[0, 1, 2, 5]);
    for event in events.clone() {
        stage.handles(&mut handler, event).await?;
    }
    for _ in 0..2 {
        // What was handled already, and what was not, and what the offset of a gap is handed with.
        for offset in [0, 2, 3, 5] {
            let repeated = events[0].clone();
            stage.refuses(&mut handler, 0, repeated).await?;
            stage.refuses(&mut handler, offset, events[3].clone()).await?;
            let new = stage.event(6);
            stage.refuses(&mut handler, offset, new).await?;
        }
        handler = stage.restart(handler).await?;
    }
    let next = stage.event(6);
    stage.handles_and_fits(&mut handler, next).await
}

pub(crate) async fn at_a_higher_offset<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for next in [0, 1, 2] {
        for offset in [next + 1, next + 2, next + 40] {
            for ahead in [0, 3] {
                let event = stage.event(offset + ahead);
                stage.refuses(&mut handler, offset, event).await?;
            }
        }
        if next == 1 {
            handler = stage.restart(handler).await?;
        }
        let event = stage.event(next);
        stage.handles_and_fits(&mut handler, event).await?;
    }
    Ok(())
}
