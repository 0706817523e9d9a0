use std::{collections::VecDeque, env, str::FromStr};

use eventstream_core::{Cursor, Error, Event, EventStream, EventTypes};
use fastrand::Rng;
use tokio::task::yield_now;

use super::tracked::Tracked;
use crate::{
    StreamEnv, StreamHarness,
    call::{Call, is_closed, outcome},
    failure::{Check, chain, fail},
    parcels::TYPES,
    reader::{Depth, closes_no_more},
    stage::{Scene, Stage},
};

/// Operations if `EVENTSTREAM_MODEL_OPS` does not say how many.
const OPERATIONS: usize = 2_000;
/// Cursors that are open at the same time.
const CURSORS: usize = 8;
/// Operations that a failure tells of.
const TRACE: usize = 12;
/// Polls after which a call for which nothing is there is said to wait.
const POLLS: usize = 3;

/// Random operations on a stream, of which each is compared with what a plain list says.
pub(crate) async fn random_operations<H: StreamHarness>(scene: Scene<H>) -> Check {
    let seed = from_env("EVENTSTREAM_SEED")?.unwrap_or_else(|| fastrand::u64(..));
    let operations = from_env("EVENTSTREAM_MODEL_OPS")?.unwrap_or(OPERATIONS);
    scene.progress.note(format!("EVENTSTREAM_SEED={seed} does the same again"));
    let mut model = Model {
        rng: Rng::with_seed(seed),
        stage: scene.start().await?,
        oldest: 0,
        open: Vec::new(),
        opened: 0,
        trace: VecDeque::new(),
    };
    for operation in 0..operations {
        if operation % OPERATIONS == 0 {
            // So many more may take as much more time.
            scene.progress.extend_deadline();
        }
        if let Err(failure) = model.step().await {
            let trace: Vec<_> = model.trace.into();
            fail!(
                "{}; operation {operation}; the last ones: {}",
                failure.into_text(),
                trace.join("; ")
            );
        }
        // Or the budget that tokio gives to a task is spent some day, and all is pending.
        yield_now().await;
    }
    Ok(())
}

fn from_env<T: FromStr>(name: &str) -> Check<Option<T>> {
    match env::var(name) {
        Err(_) => Ok(None),
        Ok(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => fail!("{name} is {text:?}, but must be a number"),
        },
    }
}

struct Model<E: StreamEnv> {
    rng: Rng,
    stage: Stage<E>,
    oldest: u64,
    open: Vec<Tracked<<E::Stream as EventStream>::Cursor>>,
    opened: usize,
    trace: VecDeque<String>,
}

impl<E: StreamEnv> Model<E> {
    async fn step(&mut self) -> Check {
        match self.rng.u32(0..100) {
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

    async fn append(&mut self) -> Check<Vec<Event>> {
        let count = self.rng.usize(1..=5);
        let types: Vec<_> = (0..count).map(|_| *self.one_of(&TYPES)).collect();
        self.note(format!("append {types:?}"));
        self.stage.append(&types).await
    }

    async fn truncate(&mut self) -> Check {
        // A little, mostly, or there would not be much to read.
        let most = if self.rng.u32(0..8) == 0 { u64::MAX } else { 9 };
        let most = most.min(self.stage.end() - self.oldest);
        self.oldest += self.rng.u64(0..=most);
        self.note(format!("truncate before {}", self.oldest));
        self.stage.truncate(self.oldest).await
    }

    async fn open_cursor(&mut self) -> Check {
        if self.open.len() == CURSORS {
            let i = self.rng.usize(..CURSORS);
            self.open.swap_remove(i);
        }
        let around = self.oldest.saturating_sub(3)..=self.stage.end() + 3;
        let offset = self.rng.u64(around);
        // Each set of the types, or all that there may ever be.
        let types = match self.rng.usize(1..10) {
            8 | 9 => EventTypes::any(),
            bits => (0..TYPES.len()).filter(|i| bits >> i & 1 == 1).map(|i| TYPES[i]).collect(),
        };
        self.opened += 1;
        self.note(format!("open #{} at {offset} for {types}", self.opened));
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
        let drop_after = self.rng.bool().then(|| self.rng.usize(0..4));
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
        let call = if self.rng.bool() { Call::Next } else { Call::Batch(3) };
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
        let i = self.rng.usize(..self.open.len());
        self.note(format!("{what} of {}", self.open[i].reader.name));
        Some(i)
    }

    fn any_call(&mut self) -> Call {
        if self.rng.bool() { Call::Next } else { Call::Batch(self.rng.usize(0..6)) }
    }

    fn one_of<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.rng.usize(..of.len())]
    }

    fn note(&mut self, operation: String) {
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back(operation);
    }
}
