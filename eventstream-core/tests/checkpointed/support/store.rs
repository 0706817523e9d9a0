use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
};

use eventstream_core::{Checkpoint, Checkpoints, HandlerError, Identity, MemoryCheckpoints};
use tokio::time::Instant;

/// What goes wrong when a checkpoint is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing does.
    None,
    /// It is not stored.
    Fail,
    /// It is stored, but the answer is an error.
    Lost,
    /// It is stored, but there is no answer.
    Hang,
    /// Another replica stores this offset first.
    Overtaken(u64),
}

/// Checkpoints that do as they are told, and note what is stored. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) checkpoints: MemoryCheckpoints,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    faults: VecDeque<Fault>,
    stored: Vec<(u64, u64)>,
    started: Instant,
    loads: usize,
}

impl Store {
    pub(crate) fn new() -> Self {
        let (faults, stored) = (VecDeque::new(), Vec::new());
        let state = State { faults, stored, started: Instant::now(), loads: 0 };
        Self { checkpoints: MemoryCheckpoints::new(), state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under the lock")
    }

    /// What goes wrong with the next checkpoints.
    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// The offsets that were stored.
    pub(crate) fn stored(&self) -> Vec<u64> {
        self.state().stored.iter().map(|(_, offset)| *offset).collect()
    }

    /// The milliseconds and offsets of what was stored.
    pub(crate) fn stored_when(&self) -> Vec<(u64, u64)> {
        self.state().stored.clone()
    }

    /// How often the checkpoint was read.
    pub(crate) fn loads(&self) -> usize {
        self.state().loads
    }

    fn note(&self, offset: u64) {
        let mut state = self.state();
        let millis = u64::try_from(state.started.elapsed().as_millis()).expect("a short time");
        state.stored.push((millis, offset));
    }

    /// Stores an offset, whatever is there: as another replica does, or a person.
    pub(crate) async fn set(&self, source: &Identity, offset: u64) {
        let found = self.checkpoints.load(source).await.expect("it is in memory");
        let incarnation = found.and_then(|it| it.incarnation);
        let checkpoint = Checkpoint { offset, incarnation };
        self.checkpoints.store(source, found, checkpoint).await.expect("nobody else stores");
    }
}

impl Checkpoints for Store {
    async fn load(&self, source: &Identity) -> Result<Option<Checkpoint>, HandlerError> {
        self.state().loads += 1;
        self.checkpoints.load(source).await
    }

    async fn store(
        &self,
        source: &Identity,
        expected: Option<Checkpoint>,
        checkpoint: Checkpoint,
    ) -> Result<(), HandlerError> {
        let fault = self.state().faults.pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::Fail => return Err("told not to store".into()),
            Fault::Overtaken(offset) => self.set(source, offset).await,
            Fault::None | Fault::Lost | Fault::Hang => {}
        }
        self.checkpoints.store(source, expected, checkpoint).await?;
        self.note(checkpoint.offset);
        match fault {
            Fault::Lost => Err("told to lose the answer".into()),
            Fault::Hang => pending().await,
            _ => Ok(()),
        }
    }
}
