use std::sync::Arc;

use tokio::task::{JoinSet, yield_now};

use crate::{
    HandlerEnv, HandlerHarness,
    failure::{Check, ensure},
    handler::{outcome::same_effects, replica::Replica, stage::Stage},
    scene::Scene,
    tasks,
};

pub(crate) async fn survive_a_restart<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    // Right after an event that nobody has asked about, and after more of them.
    for offsets in [&[0][..], &[1], &[2, 3, 6], &[7, 9]] {
        for offset in offsets {
            let event = stage.event(*offset);
            stage.handles(&mut handler, event).await?;
        }
        handler = stage.restart(handler).await?;
    }
    let batch = stage.events(&[10, 11, 14]);
    stage.handles(&mut handler, batch).await?;
    handler = stage.restart(handler).await?;
    handler = stage.restart(handler).await?;
    let event = stage.event(15);
    stage.handles_and_fits(&mut handler, event).await
}

/// Whoever looks on sees no offset without the effects, and no effects without the offset.
pub(crate) async fn are_seen_together<H: HandlerHarness>(scene: Scene<H>) -> Check {
    const EVENTS: u64 = 120;

    let mut stage = scene.stage().await?;
    let offsets: Vec<_> = (0..EVENTS).map(|i| i + i / 3).collect();
    let events = Arc::new(stage.events(&offsets));
    let mut handlers = JoinSet::new();
    handlers.spawn(Replica::open(&stage, "the handler", &events).await?.run());
    look_on(&stage, &offsets).await?;
    tasks::all(handlers).await?;
    Ok(())
}

async fn look_on<E: HandlerEnv>(stage: &Stage<E>, offsets: &[u64]) -> Check {
    let end = offsets.last().map_or(0, |last| last + 1);
    let events_below = |offset: u64| offsets.partition_point(|other| *other < offset);
    let mut observer = stage.open_unasked("a replica that looks on").await?;
    loop {
        let before = observer.offset(&stage.source).await?;
        let effects = stage.read_effects().await?;
        let after = observer.offset(&stage.source).await?;
        let (least, most) = (events_below(before), events_below(after));
        ensure!(
            (least..=most).contains(&effects.len()),
            "while events are handled, the offset is {before}, then the effects of {} events are \
             there, and then the offset is {after}: there must be those of {least} to {most}",
            effects.len()
        );
        same_effects("while events are handled", &offsets[..effects.len()], &effects)?;
        if before >= end {
            return Ok(());
        }
        yield_now().await;
    }
}
