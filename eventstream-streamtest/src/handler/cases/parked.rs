use eventstream_core::{Event, Handler, HandlerError};

use crate::{
    HandlerEnv, HandlerHarness,
    failure::{Check, fail},
    handler::{
        outcome::{is_failure, said},
        stage::Stage,
        subject::Subject,
    },
    scene::Scene,
};

/// Has events 0, 2 and 3 handled; event 1 is left for the case.
async fn all_but_one<E: HandlerEnv>(stage: &mut Stage<E>) -> Check<Subject<E::Handler>> {
    let mut handler = stage.open("the handler").await?;
    for offset in [0, 2, 3] {
        let event = stage.event(offset);
        stage.handles(&mut handler, event).await?;
    }
    Ok(handler)
}

async fn handle_parked<E: HandlerEnv>(
    stage: &Stage<E>,
    handler: &mut Subject<E::Handler>,
    event: &Event,
) -> Result<(), HandlerError> {
    stage.progress.doing(format!("replaying event {} on {}", event.offset, handler.name));
    handler.handler.handle_parked(&stage.source, event.clone()).await
}

/// It is handled, once.
async fn replays<E: HandlerEnv>(
    stage: &mut Stage<E>,
    handler: &mut Subject<E::Handler>,
    event: &Event,
) -> Check {
    let what = format!("event {}, which is parked, was replayed on {}", event.offset, handler.name);
    if let Err(error) = handle_parked(stage, handler, event).await {
        fail!("{what}, which must handle it, but says: {}", said(&error));
    }
    stage.effects.push(event.offset);
    stage.did(what);
    stage.fits(handler).await
}

pub(crate) async fn is_made_out_of_turn<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = all_but_one(&mut stage).await?;
    let parked = stage.event(1);
    stage.park(&parked).await?;
    stage.fits(&mut handler).await?;
    replays(&mut stage, &mut handler, &parked).await?;
    let event = stage.event(4);
    stage.handles_and_fits(&mut handler, event).await?;
    stage.restart(handler).await.map(drop)
}

pub(crate) async fn is_made_once<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = all_but_one(&mut stage).await?;
    let parked = stage.event(1);
    stage.park(&parked).await?;
    replays(&mut stage, &mut handler, &parked).await?;
    for _ in 0..2 {
        let what = format!("event 1, which was replayed, was replayed again on {}", handler.name);
        match handle_parked(&stage, &mut handler, &parked).await {
            Err(HandlerError::Conflict) => {}
            Err(error) => fail!("{what}: that is a conflict, but it says: {}", said(&error)),
            Ok(()) => fail!("{what}: that is a conflict, but it says that it was handled"),
        }
        stage.did(what);
        stage.fits(&mut handler).await?;
        handler = stage.restart(handler).await?;
    }
    Ok(())
}

pub(crate) async fn what_is_not_parked_is_refused<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = all_but_one(&mut stage).await?;
    // One that was passed over, one that was handled, and one that is still to come.
    for offset in [1, 2, 4] {
        let event = stage.event(offset);
        let what = format!("event {offset}, which is not parked, was replayed on {}", handler.name);
        if handle_parked(&stage, &mut handler, &event).await.is_ok() {
            fail!("{what}: that is an error, but it says that it was handled");
        }
        stage.did(what);
        stage.fits(&mut handler).await?;
    }
    handler = stage.restart(handler).await?;
    let event = stage.event(4);
    stage.handles_and_fits(&mut handler, event).await
}

pub(crate) async fn what_fails_again_has_no_effect<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = all_but_one(&mut stage).await?;
    let failing = stage.failing_event(1)?;
    stage.park(&failing).await?;
    for _ in 0..2 {
        let what = format!("event 1, which is parked and fails, was replayed on {}", handler.name);
        is_failure(&what, &handle_parked(&stage, &mut handler, &failing).await)?;
        stage.did(what);
        stage.fits(&mut handler).await?;
        handler = stage.restart(handler).await?;
    }
    let event = stage.event(4);
    stage.handles_and_fits(&mut handler, event).await
}
