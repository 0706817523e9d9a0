use crate::{
    HandlerEnv, HandlerHarness,
    failure::{Check, fail},
    handler::{given::Given, stage::Stage, subject::Subject},
    model::{Dice, Model, Plan},
    scene::Scene,
};

/// Random operations on a handler that is opened again now and then, of which each is compared with
/// what a plain list says.
pub(crate) async fn random_operations<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let plan = Plan::from_env(&scene.progress)?;
    let stage = scene.stage().await?;
    let handler = Some(stage.open("the handler").await?);
    let dice = plan.dice();
    plan.run(HandlerModel { dice, stage, handler }).await
}

struct HandlerModel<E: HandlerEnv> {
    dice: Dice,
    stage: Stage<E>,
    /// There, but while it is opened again.
    handler: Option<Subject<E::Handler>>,
}

impl<E: HandlerEnv> Model for HandlerModel<E> {
    async fn step(&mut self) -> Check {
        let Some(handler) = self.handler.take() else {
            fail!("the handler is gone");
        };
        self.handler = Some(self.act(handler).await?);
        Ok(())
    }

    fn dice(&self) -> &Dice {
        &self.dice
    }
}

impl<E: HandlerEnv> HandlerModel<E> {
    async fn act(&mut self, mut handler: Subject<E::Handler>) -> Check<Subject<E::Handler>> {
        match self.dice.u32(0..100) {
            0..50 => {
                let given = self.given(self.stage.next);
                self.dice.note(format!("{given} at {}", self.stage.next));
                self.stage.handles(&mut handler, given).await?;
            }
            50..60 => {
                let next = self.stage.next + self.dice.u64(1..6);
                self.dice.note(format!("skip from {} to {next}", self.stage.next));
                self.stage.skips(&mut handler, next).await?;
            }
            60..72 => self.wrong_offset(&mut handler).await?,
            72..84 => self.failure(&mut handler).await?,
            84..94 => {
                self.dice.note("ask".to_owned());
                self.stage.fits(&mut handler).await?;
            }
            _ => {
                self.dice.note("open again".to_owned());
                return self.stage.restart(handler).await;
            }
        }
        Ok(handler)
    }

    /// An event or a batch that lies at this offset or a little further on.
    fn given(&mut self, mut offset: u64) -> Given {
        let count = if self.dice.bool() { 1 } else { self.dice.usize(1..5) };
        let mut offsets = Vec::new();
        for _ in 0..count {
            // Mostly, nothing is filtered out.
            offset += self.dice.u64(0..6).saturating_sub(3);
            offsets.push(offset);
            offset += 1;
        }
        match offsets[..] {
            [offset] if self.dice.bool() => Given::Event(self.stage.event(offset)),
            _ => Given::Batch(self.stage.events(&offsets)),
        }
    }

    async fn wrong_offset(&mut self, handler: &mut Subject<E::Handler>) -> Check {
        let next = self.stage.next;
        let offset = self.dice.offset(next, next);
        if offset == next {
            return Ok(());
        }
        let given = self.given(offset);
        self.dice.note(format!("{given} at {offset}, not {next}"));
        self.stage.refuses(handler, offset, given).await
    }

    /// Something that fails, if there is such a thing.
    async fn failure(&mut self, handler: &mut Subject<E::Handler>) -> Check {
        let next = self.stage.next;
        let mut events = self.given(next).events().to_vec();
        let at_fault = self.dice.usize(..events.len());
        let Some(failing) = self.stage.try_failing_event(events[at_fault].offset) else {
            return Ok(());
        };
        if events.len() == 1 && self.dice.bool() {
            self.dice.note(format!("event {} at {next}, which fails", failing.offset));
            return self.stage.fails(handler, failing).await;
        }
        events[at_fault] = failing;
        self.dice.note(format!("a batch at {next}, of which event {at_fault} fails"));
        self.stage.batch_fails(handler, &events, at_fault).await.map(drop)
    }
}
