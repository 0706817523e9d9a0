use eventstream_core::Identity;

use crate::{HandlerEnv, HandlerHarness, failure::Check, handler::stage::Stage, scene::Scene};

const OTHER_KEY: &str = "e4b7c1d0-3a5f-4a8c-b1a4-7f20c6d5e913";

pub(crate) async fn have_offsets_of_their_own<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let stage = scene.stage().await?;
    let other = stage.beside(Identity::new("streamtest-other", OTHER_KEY));
    are_apart(stage, other).await
}

/// Neither knows of the other.
async fn are_apart<E: HandlerEnv>(mut one: Stage<E>, mut other: Stage<E>) -> Check {
    for (offsets, skipped) in [([0, 1], 3), ([3, 8], 9)] {
        let mut handler = one.open("the handler of the one application").await?;
        for offset in offsets {
            let event = one.event(offset);
            one.handles_and_fits(&mut handler, event).await?;
        }
        one.skips(&mut handler, skipped).await?;
        drop(handler);

        let mut handler = other.open("the handler of the other application").await?;
        let batch = other.events(&[other.next, other.next + 1, other.next + 9]);
        other.handles_and_fits(&mut handler, batch).await?;
        drop(handler);
    }
    // One handler can be told of the one and then of the other.
    let mut handler = one.open("the handler of both applications").await?;
    for _ in 0..2 {
        one.fits(&mut handler).await?;
        let event = one.event(one.next);
        one.handles(&mut handler, event).await?;
        other.fits(&mut handler).await?;
        let event = other.event(other.next);
        other.handles(&mut handler, event).await?;
    }
    one.fits(&mut handler).await?;
    other.fits(&mut handler).await
}

pub(crate) async fn are_told_apart_by_their_keys<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in [0, 1, 4] {
        let event = stage.event(offset);
        stage.handles(&mut handler, event).await?;
    }
    // The same application, called something else now.
    stage.rename("streamtest-renamed");
    handler = stage.restart(handler).await?;
    let event = stage.event(5);
    stage.handles_and_fits(&mut handler, event).await?;
    drop(handler);

    // Another application of the same name.
    let name = stage.source.name.clone();
    let other = stage.beside(Identity::new(name, OTHER_KEY));
    let mut handler = other.open("the handler of an application of the same name").await?;
    other.fits(&mut handler).await
}
