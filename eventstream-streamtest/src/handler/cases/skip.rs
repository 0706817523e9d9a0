use eventstream_core::HandlerError;

use crate::{
    HandlerEnv, HandlerHarness,
    failure::{Check, fail},
    handler::{outcome::said, stage::Stage, subject::Subject},
    scene::Scene,
};

pub(crate) async fn returns_the_offset<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for next in [3, 4, 9] {
        stage.skips(&mut handler, next).await?;
        stage.offset_fits(&mut handler).await?;
    }
    let event = stage.event(9);
    stage.handles(&mut handler, event).await?;
    // Without a question in between.
    for next in [11, 30, 500] {
        stage.skips(&mut handler, next).await?;
    }
    stage.offset_fits(&mut handler).await
}

pub(crate) async fn survives_a_restart<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for next in [5, 100, 101] {
        stage.skips(&mut handler, next).await?;
        handler = stage.restart(handler).await?;
        let event = stage.event(next);
        stage.handles(&mut handler, event).await?;
        handler = stage.restart(handler).await?;
    }
    Ok(())
}

pub(crate) async fn has_no_effect<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    stage.skips(&mut handler, 2).await?;
    stage.effects_fit().await?;
    let event = stage.event(2);
    stage.handles(&mut handler, event).await?;
    stage.skips(&mut handler, 7).await?;
    stage.effects_fit().await?;
    stage.restart(handler).await.map(drop)
}

pub(crate) async fn goes_on_with_the_next_event<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    // The next event lies right behind what was skipped, or further on.
    for (next, offset) in [(2, 2), (5, 8), (10, 10), (20, 23)] {
        stage.skips(&mut handler, next).await?;
        let event = stage.event(offset);
        stage.handles(&mut handler, event).await?;
    }
    stage.fits(&mut handler).await?;
    stage.skips(&mut handler, 30).await?;
    stage.fits(&mut handler).await?;
    let batch = stage.events(&[30, 31]);
    stage.handles_and_fits(&mut handler, batch).await
}

pub(crate) async fn from_another_offset_moves_nothing<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in [0, 1, 2] {
        let event = stage.event(offset);
        stage.handles(&mut handler, event).await?;
    }
    let moves = stage.skips(&mut handler, 8).await? > 3;
    let now = stage.next;
    for offset in [0, now - 1, now + 1, now + 4] {
        for next in [offset + 1, offset + 20] {
            stays(&mut stage, &mut handler, offset, next, moves).await?;
        }
    }
    handler = stage.restart(handler).await?;
    stays(&mut stage, &mut handler, 1, now + 3, moves).await?;
    let event = stage.event(9);
    stage.handles_and_fits(&mut handler, event).await?;
    stays(&mut stage, &mut handler, now, 20, moves).await
}

/// A skip from an offset that is not the handler's.
async fn stays<E: HandlerEnv>(
    stage: &mut Stage<E>,
    handler: &mut Subject<E::Handler>,
    offset: u64,
    next: u64,
    moves: bool,
) -> Check {
    let what = format!(
        "{} is at offset {}, and was told to skip from {offset} to {next}",
        handler.name, stage.next
    );
    match handler.skip(offset, next).await {
        Err(HandlerError::Conflict) => {}
        Err(error) => fail!("{what}: that is a conflict, but it says: {}", said(&error)),
        // What never moves need not look.
        Ok(now) if now == offset && !moves => {}
        Ok(now) => fail!("{what}: that is a conflict, but it says that it is at {now} now"),
    }
    stage.did(what);
    stage.fits(handler).await
}
