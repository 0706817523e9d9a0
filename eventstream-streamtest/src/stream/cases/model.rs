use eventstream_core::{Cursor, Error, Event, EventStream, EventTypes};

use super::tracked::Tracked;
use crate::{
    StreamEnv, StreamHarness,
    events::outcome,
    failure::{Check, chain, fail},
    model::{Dice, Model, Plan},
    parcels::TYPES,
    scene::Scene,
    stream::call::{Call, is_closed},
    stream::reader::{Depth, closes_no_more},
    stream::stage::Stage,
};

/// Cursors that are open at the same time.
const CURSORS: usize = 8;
/// Polls after which a call for which nothing is there is said to wait.
const POLLS: usize = 3;

/// Random operations on a stream, of which each is compared with what a plain list says.
pub(crate) async fn random_operations<H: StreamHarness>(scene: Scene<H>) -> Check {
    let plan = Plan::from_env(&scene.progress)?;
    let stage = scene.start().await?;
    let dice = plan.dice();
    plan.run(StreamModel { dice, stage, oldest: 0, open: Vec::new(), opened: 0 }).await
}

struct StreamModel<E: StreamEnv> {
    dice: Dice,
    stage: Stage<E>,
    oldest: u64,
    open: Vec<Tracked<<E::Stream as EventStream>::Cursor>>,
    opened: usize,
}

impl<E: StreamEnv> Model for StreamModel<E> {
    async fn step(&mut self) -> Check {
        match self.dice.u32(0..100) {
            0..20 => self.append().await.map(drop),
            20..23 => self.truncate().await,
            23..33 => self.open_cursor().await,
            33..36 => self.close().await,
            36..38 => {
                if let Some(i) = self.pick("drop") {
                    self.open.swap_remove(i);
                }
                Ok(())
            }
            38..46 => self.wait().await,
            _ => self.read().await,
        }
    }

    fn dice(&self) -> &Dice {
        &self.dice
    }
}

impl<E: StreamEnv> StreamModel<E> {
    async fn append(&mut self) -> Check<Vec<Event>> {
        let count = self.dice.usize(1..=5);
        let types: Vec<_> = (0..count).map(|_| *self.dice.one_of(&TYPES)).collect();
        self.dice.note(format!("append {types:?}"));
        self.stage.append(&types).await
    }

    async fn truncate(&mut self) -> Check {
        // A little, mostly, or there would not be much to read.
        let most = if self.dice.u32(0..8) == 0 { u64::MAX } else { 9 };
        let most = most.min(self.stage.end() - self.oldest);
        self.oldest += self.dice.u64(0..=most);
        self.dice.note(format!("truncate before {}", self.oldest));
        self.stage.truncate(self.oldest).await
    }

    async fn open_cursor(&mut self) -> Check {
        if self.open.len() == CURSORS {
            let i = self.dice.usize(..CURSORS);
            self.open.swap_remove(i);
        }
        let around = self.oldest.saturating_sub(3)..=self.stage.end() + 3;
        let offset = self.dice.u64(around);
        // Each set of the types, or all that there may ever be.
        let types = match self.dice.usize(1..10) {
            8 | 9 => EventTypes::any(),
            bits => (0..TYPES.len()).filter(|i| bits >> i & 1 == 1).map(|i| TYPES[i]).collect(),
        };
        self.opened += 1;
        self.dice.note(format!("open #{} at {offset} for {types}", self.opened));
        let refused = offset < self.oldest;
        match self.stage.try_open(offset, types.clone()).await {
            Ok(mut reader) => {
                reader.name = format!("cursor #{}", self.opened);
                self.open.push(Tracked { reader, types, next: offset, position: offset, refused });
                Ok(())
            }
            Err(Error::Truncated { requested, oldest })
                if refused && requested == offset && oldest == self.oldest =>
            {
                Ok(())
            }
            Err(error) => fail!(
                "opening at {offset}, where {} is the oldest, says: {}",
                self.oldest,
                chain(&error)
            ),
        }
    }

    async fn close(&mut self) -> Check {
        let Some(i) = self.pick("close") else {
            return Ok(());
        };
        let mut reader = self.open.swap_remove(i).reader;
        reader.close()?;
        closes_no_more(&reader.name, reader.cursor.close_handle().close())?;
        let call = self.any_call();
        if call != Call::Batch(0) {
            let got = reader.call(call).await?;
            is_closed(&reader.name, call, &got)?;
        }
        Ok(())
    }

    async fn read(&mut self) -> Check {
        let call = self.any_call();
        let drop_after = self.dice.bool().then(|| self.dice.usize(0..4));
        let what = drop_after.map_or_else(String::new, |polls| format!(", dropped after {polls}"));
        let Some(i) = self.pick(&format!("{call}{what}")) else {
            return Ok(());
        };
        let tracked = &mut self.open[i];
        let expected = tracked.expected(&self.stage);
        let overtaken = tracked.reader.cursor.position() < self.oldest;
        let got = if call == Call::Batch(0) {
            Some(tracked.reader.call(call).await?)
        } else if expected.is_empty() && !tracked.refused {
            tracked.polled(call, POLLS).await?
        } else if let Some(polls) = drop_after {
            tracked.polled(call, polls).await?
        } else {
            Some(tracked.reader.call(call).await?)
        };
        match got {
            None => tracked.check_position(&self.stage, &expected),
            Some(Err(Error::Truncated { requested, oldest })) if overtaken => {
                tracked.check_truncated(&expected, requested, oldest, self.oldest)?;
                self.open.swap_remove(i);
                Ok(())
            }
            Some(got) if tracked.refused && call != Call::Batch(0) => fail!(
                "{} was opened at {}, which is truncated, but {}",
                tracked.reader.name,
                tracked.next,
                outcome(&got)
            ),
            Some(got) => tracked.check_delivered(&self.stage, &expected, &got),
        }
    }

    /// A call that waits while events are appended, and is woken if one is for it.
    async fn wait(&mut self) -> Check {
        let Some(i) = self.pick("wait through an append") else {
            return Ok(());
        };
        let tracked = &self.open[i];
        if tracked.reader.cursor.position() < self.oldest
            || !tracked.expected(&self.stage).is_empty()
        {
            return Ok(());
        }
        let mut tracked = self.open.swap_remove(i);
        let call = if self.dice.bool() { Call::Next } else { Call::Batch(3) };
        let mut waiting = tracked.reader.wait(call, Depth::Begun).await?;
        self.append().await?;
        let expected = self.stage.upcoming(tracked.next, &tracked.types, 8);
        let got = if expected.is_empty() { None } else { Some(waiting.hand.finish().await?) };
        drop(waiting);
        match got {
            Some(got) => tracked.check_delivered(&self.stage, &expected, &got)?,
            None => tracked.check_position(&self.stage, &expected)?,
        }
        self.open.push(tracked);
        Ok(())
    }

    /// One of the open cursors, if there is one.
    fn pick(&mut self, what: &str) -> Option<usize> {
        if self.open.is_empty() {
            return None;
        }
        let i = self.dice.usize(..self.open.len());
        self.dice.note(format!("{what} of {}", self.open[i].reader.name));
        Some(i)
    }

    fn any_call(&mut self) -> Call {
        if self.dice.bool() { Call::Next } else { Call::Batch(self.dice.usize(0..6)) }
    }
}
