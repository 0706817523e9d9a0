use crate::{HandlerHarness, failure::Check, scene::Scene};

pub(crate) async fn leaves_no_effect<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in [0, 1, 3] {
        for ahead in [0, 2] {
            let failing = stage.failing_event(offset + ahead)?;
            stage.fails(&mut handler, failing).await?;
        }
        handler = stage.restart(handler).await?;
        let event = stage.event(offset);
        stage.handles_and_fits(&mut handler, event).await?;
    }
    Ok(())
}

pub(crate) async fn can_be_tried_again<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    let first = stage.event(0);
    stage.handles(&mut handler, first).await?;
    let failing = stage.failing_event(1)?;
    for _ in 0..3 {
        stage.fails(&mut handler, failing.clone()).await?;
    }
    handler = stage.restart(handler).await?;
    stage.fails(&mut handler, failing).await?;
    // As if what it has failed for were over.
    let mended = stage.event(1);
    stage.handles_and_fits(&mut handler, mended).await?;
    stage.restart(handler).await.map(drop)
}

pub(crate) async fn can_be_passed_over<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in [0, 2, 4] {
        let failing = stage.failing_event(offset)?;
        stage.fails(&mut handler, failing).await?;
        // The event behind it, as if there were a gap.
        let event = stage.event(offset + 1);
        stage.handles_and_fits(&mut handler, event).await?;
    }
    let failing = stage.failing_event(6)?;
    stage.fails(&mut handler, failing).await?;
    let batch = stage.events(&[7, 8]);
    stage.handles_and_fits(&mut handler, batch).await?;
    stage.restart(handler).await.map(drop)
}
