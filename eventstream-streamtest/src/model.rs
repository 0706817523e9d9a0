//! Random operations, each of which is compared with what a plain model says.

use std::{
    collections::VecDeque,
    env,
    future::Future,
    ops::{Deref, DerefMut},
    str::FromStr,
};

use fastrand::Rng;
use tokio::task::yield_now;

use crate::{
    failure::{Check, fail},
    run::Progress,
};

/// Operations if `EVENTSTREAM_MODEL_OPS` does not say how many.
const OPERATIONS: usize = 2_000;
/// Operations that a failure tells of.
const TRACE: usize = 12;

/// What the operations are done to.
pub(crate) trait Model: Send {
    /// Does one operation, and compares.
    fn step(&mut self) -> impl Future<Output = Check> + Send;

    /// What it draws its operations with.
    fn dice(&self) -> &Dice;
}

/// What is random about a model, and what was done by it.
pub(crate) struct Dice {
    rng: Rng,
    trace: VecDeque<String>,
}

impl Dice {
    pub(crate) fn one_of<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.rng.usize(..of.len())]
    }

    /// One that is there, or nearly: mostly where it matters.
    pub(crate) fn offset(&mut self, oldest: u64, end: u64) -> u64 {
        let least = oldest.saturating_sub(3);
        match self.rng.u8(0..3) {
            0 => self.rng.u64(least..=oldest + 1),
            1 => self.rng.u64(least.max(end.saturating_sub(3))..=end + 3),
            _ => self.rng.u64(least..=end),
        }
    }

    /// Notes an operation, for the text of a failure.
    pub(crate) fn note(&mut self, operation: String) {
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back(operation);
    }
}

impl Deref for Dice {
    type Target = Rng;

    fn deref(&self) -> &Rng {
        &self.rng
    }
}

impl DerefMut for Dice {
    fn deref_mut(&mut self) -> &mut Rng {
        &mut self.rng
    }
}

/// How many operations there are to be, and which.
pub(crate) struct Plan {
    seed: u64,
    operations: usize,
    progress: Progress,
}

impl Plan {
    pub(crate) fn from_env(progress: &Progress) -> Check<Self> {
        let seed = from_env("EVENTSTREAM_SEED")?.unwrap_or_else(|| fastrand::u64(..));
        let operations = from_env("EVENTSTREAM_MODEL_OPS")?.unwrap_or(OPERATIONS);
        progress.note(format!("EVENTSTREAM_SEED={seed} does the same again"));
        Ok(Self { seed, operations, progress: progress.clone() })
    }

    pub(crate) fn dice(&self) -> Dice {
        Dice { rng: Rng::with_seed(self.seed), trace: VecDeque::new() }
    }

    pub(crate) async fn run(self, mut model: impl Model) -> Check {
        for operation in 0..self.operations {
            if operation % OPERATIONS == 0 {
                // So many more may take as much more time.
                self.progress.extend_deadline();
            }
            if let Err(failure) = model.step().await {
                let trace: Vec<_> = model.dice().trace.iter().map(String::as_str).collect();
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
