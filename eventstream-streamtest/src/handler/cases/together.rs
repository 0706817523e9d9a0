use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eventstream_core::Identity;
use tokio::task::{JoinSet, yield_now};

use crate::{
    HandlerEnv, HandlerHarness,
    failure::{Check, ensure, fail},
    handler::{
        given::Given, outcome::same_effects, replica::Replica, stage::read_effects,
        subject::Subject,
    },
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
    /// So many are handled in the task that looks on.
    const HERE: usize = 40;

    let mut stage = scene.stage().await?;
    let offsets: Vec<_> = (0..EVENTS).map(|i| i + i / 3).collect();
    let events = Arc::new(stage.events(&offsets));
    let mut handler = stage.open("the handler").await?;
    let mut observer = Observer {
        env: Arc::clone(&stage.env),
        source: stage.source.clone(),
        handler: stage.open("a replica that looks on").await?,
        offsets: &offsets,
    };
    // There is a look wherever the handler waits for something.
    for chunk in events[..HERE].chunks(4) {
        let (batch, single) = chunk.split_at(3);
        for given in [Given::Batch(batch.to_vec()), Given::Event(single[0].clone())] {
            let is_done = AtomicBool::new(false);
            let handling = async {
                let result = stage.handles(&mut handler, given).await;
                is_done.store(true, Ordering::SeqCst);
                result
            };
            let looking = async {
                while !is_done.load(Ordering::SeqCst) {
                    observer.look().await?;
                    yield_now().await;
                }
                Ok(())
            };
            let (done, looked) = tokio::join!(handling, looking);
            looked.and(done)?;
        }
    }
    drop(handler);
    // And there are looks while it runs, if it waits for nothing.
    let mut running = JoinSet::new();
    running.spawn(Replica::open(&stage, "the handler", &events).await?.run());
    let end = offsets.last().map_or(0, |last| last + 1);
    while observer.look().await? < end {
        // What has failed never comes to the end.
        match running.try_join_next() {
            None => {}
            Some(Ok(ended)) => drop(ended?),
            Some(Err(error)) => fail!("the handler has panicked: {error}"),
        }
        yield_now().await;
    }
    tasks::all(running).await.map(drop)
}

/// Whoever looks on.
struct Observer<'a, E: HandlerEnv> {
    env: Arc<E>,
    source: Identity,
    handler: Subject<E::Handler>,
    offsets: &'a [u64],
}

impl<E: HandlerEnv> Observer<'_, E> {
    /// Compares effects and offset; returns the offset.
    async fn look(&mut self) -> Check<u64> {
        let before = self.handler.offset(&self.source).await?;
        let effects = read_effects(&*self.env, &self.source).await?;
        let after = self.handler.offset(&self.source).await?;
        // As the effects come one by one in their order, their number tells which they are.
        let [least, most] = [before, after].map(|offset| self.events_below(offset));
        ensure!(
            (least..=most).contains(&effects.len()),
            "while events are handled, the offset is {before}, then the effects of {} events are \
             there, and then the offset is {after}: there must be those of {least} to {most}",
            effects.len()
        );
        same_effects("while events are handled", &self.offsets[..effects.len()], &effects)?;
        Ok(before)
    }

    fn events_below(&self, offset: u64) -> usize {
        self.offsets.partition_point(|other| *other < offset)
    }
}
