use eventstream_core::{Handler, HandlerError};
use tokio::task::JoinSet;

use crate::{
    HandlerEnv, HandlerHarness,
    failure::{Check, ensure, fail},
    hand::Hand,
    handler::{outcome::said, stage::Stage, subject::Subject},
    scene::Scene,
    tasks,
};

pub(crate) async fn is_stored_or_rejected<H: HandlerHarness>(scene: Scene<H>) -> Check {
    for offset in [7, 0, 70_000] {
        let mut stage = scene.stage().await?;
        let mut handler = stage.open("the handler").await?;
        has_begun_is(&stage, &mut handler, false).await?;
        let begins = handler.begins_at(&stage.source, offset).await?;
        if begins {
            stage.next = offset;
            stage.did(format!("the handler was told to begin at {offset}, and does"));
        } else {
            stage.did(format!("the handler was told to begin at {offset}, and rejected it"));
        }
        has_begun_is(&stage, &mut handler, begins).await?;
        stage.fits(&mut handler).await?;
        handler = stage.restart(handler).await?;
        has_begun_is(&stage, &mut handler, begins).await?;
        stage.fits(&mut handler).await?;
        for event in [offset, offset + 2] {
            let event = stage.event(event);
            stage.handles_and_fits(&mut handler, event).await?;
        }
    }
    Ok(())
}

async fn has_begun_is<E: HandlerEnv>(
    stage: &Stage<E>,
    handler: &mut Subject<E::Handler>,
    expected: bool,
) -> Check {
    let has_begun = handler.has_begun(&stage.source).await?;
    ensure!(
        has_begun == expected,
        "{}: `has_begun` of {} must say {expected}, but says {has_begun}",
        stage.done(),
        handler.name
    );
    Ok(())
}

/// Whether the handler can store a start position at all; what it does if not, a case of its own
/// looks at.
async fn is_stored<H: HandlerHarness>(scene: &Scene<H>) -> Check<bool> {
    let stage = scene.stage().await?;
    stage.open("the handler").await?.begins_at(&stage.source, 3).await
}

pub(crate) async fn is_taken_once<H: HandlerHarness>(scene: Scene<H>) -> Check {
    for first in [7, 0] {
        let mut stage = scene.stage().await?;
        let mut handler = stage.open("the handler").await?;
        if !handler.begins_at(&stage.source, first).await? {
            return Ok(());
        }
        stage.next = first;
        stage.did(format!("the handler was told to begin at {first}, and later somewhere else"));
        for _ in 0..2 {
            for again in [first, 0, 9] {
                handler.refuses_to_begin_at(&stage.source, again).await?;
                stage.fits(&mut handler).await?;
            }
            handler = stage.restart(handler).await?;
        }
        let event = stage.event(first);
        stage.handles_and_fits(&mut handler, event).await?;
        handler.refuses_to_begin_at(&stage.source, first).await?;
        stage.fits(&mut handler).await?;
    }
    Ok(())
}

pub(crate) async fn comes_too_late_after_an_event<H: HandlerHarness>(scene: Scene<H>) -> Check {
    if !is_stored(&scene).await? {
        return Ok(());
    }
    for batch in [false, true] {
        let mut stage = scene.stage().await?;
        let mut handler = stage.open("the handler").await?;
        if batch {
            let events = stage.events(&[0, 2]);
            stage.handles(&mut handler, events).await?;
        } else {
            let event = stage.event(0);
            stage.handles(&mut handler, event).await?;
        }
        for _ in 0..2 {
            has_begun_is(&stage, &mut handler, true).await?;
            for offset in [0, 1, 9] {
                handler.refuses_to_begin_at(&stage.source, offset).await?;
                stage.fits(&mut handler).await?;
            }
            handler = stage.restart(handler).await?;
        }
    }
    Ok(())
}

pub(crate) async fn of_two_replicas_one_begins<H: HandlerHarness>(scene: Scene<H>) -> Check {
    const ROUNDS: usize = 6;

    if !is_stored(&scene).await? {
        return Ok(());
    }
    // One after the other, but both are asked before.
    let mut stage = scene.stage().await?;
    let mut fast = stage.open("a replica").await?;
    let mut slow = stage.open("its replica").await?;
    for replica in [&mut fast, &mut slow] {
        has_begun_is(&stage, replica, false).await?;
    }
    fast.begins_at(&stage.source, 5).await?;
    stage.next = 5;
    slow.refuses_to_begin_at(&stage.source, 9).await?;
    stage.did("two replicas were told to begin, the faster one at 5");
    stage.fits(&mut slow).await?;

    // And at the same time.
    for _ in 0..ROUNDS {
        let mut stage = scene.stage().await?;
        let mut replicas = Vec::new();
        for offset in [5, 9, 12] {
            replicas.push((offset, stage.open(&format!("the replica for {offset}")).await?));
        }
        let mut running = JoinSet::new();
        for (offset, mut replica) in replicas {
            let source = stage.source.clone();
            running.spawn(async move {
                match replica.handler.begin_at(&source, offset).await {
                    Ok(()) => Ok(Some(offset)),
                    Err(error @ HandlerError::Reject(_)) => {
                        fail!("{} must begin or not, but says: {}", replica.name, said(&error))
                    }
                    Err(_) => Ok(None),
                }
            });
        }
        stage.progress.doing("waiting for replicas that are told to begin, at the same time");
        let begun: Vec<_> = tasks::all(running).await?.into_iter().flatten().collect();
        ensure!(
            begun.len() <= 1,
            "several replicas were told to begin, and say that they do so at {begun:?}"
        );
        stage.next = begun.first().copied().unwrap_or_default();
        stage.did(format!("several replicas were told to begin, of which did so: {begun:?}"));
        let mut handler = stage.open("the handler after them").await?;
        has_begun_is(&stage, &mut handler, !begun.is_empty()).await?;
    }
    Ok(())
}

pub(crate) async fn a_dropped_one_is_done_or_not<H: HandlerHarness>(scene: Scene<H>) -> Check {
    if !is_stored(&scene).await? {
        return Ok(());
    }
    for polls in 0..4 {
        let mut stage = scene.stage().await?;
        let mut handler = stage.open("the handler").await?;
        stage.progress.doing(format!("telling the handler to begin, for {polls} polls"));
        let told = handler.handler.begin_at(&stage.source, 7);
        if let Some(Err(error)) = Hand::new(told).polls(polls).await {
            fail!("the handler must begin at 7, but says: {}", said(&error));
        }
        drop(handler);
        // Then it is done as a whole, or can be done now.
        stage.did(format!("`begin_at` was dropped after {polls} polls, and called again"));
        let mut handler = stage.open_unasked("the handler after a restart").await?;
        handler.begin(&stage.source).await?;
        match handler.handler.begin_at(&stage.source, 7).await {
            Ok(()) | Err(HandlerError::Conflict) => {}
            Err(error) => {
                fail!("{}: the handler must begin or not, but says: {}", stage.done(), said(&error))
            }
        }
        stage.next = 7;
        has_begun_is(&stage, &mut handler, true).await?;
        stage.fits(&mut handler).await?;
    }
    Ok(())
}
