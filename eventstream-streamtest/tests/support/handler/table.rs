use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use eventstream_core::HandlerError;
use tokio::sync::OwnedMutexGuard;

/// What handlers keep together, and replicas share.
#[derive(Clone, Default)]
pub struct Table {
    state: Arc<Mutex<State>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// By the key of an application, mostly.
#[derive(Clone, Default)]
pub struct State {
    pub offsets: BTreeMap<String, u64>,
    pub effects: BTreeMap<String, Vec<u64>>,
    pub parked: BTreeMap<String, BTreeSet<u64>>,
    /// Those that were told where to begin: only a fault has to know.
    pub started: BTreeSet<String>,
}

impl State {
    pub fn offset(&self, key: &str) -> u64 {
        self.offsets.get(key).copied().unwrap_or(0)
    }

    pub fn move_to(&mut self, key: &str, offset: u64) {
        self.offsets.insert(key.to_owned(), offset);
    }

    pub fn add_effect(&mut self, key: &str, offset: u64) {
        self.effects.entry(key.to_owned()).or_default().push(offset);
    }

    pub fn compare(&self, key: &str, offset: u64) -> Result<(), HandlerError> {
        if self.offset(key) == offset { Ok(()) } else { Err(HandlerError::Conflict) }
    }
}

impl Table {
    /// A lock for whoever changes it in several steps.
    pub async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Looks at it or changes it, whatever comes of that.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// Changes it, unless there is an error.
    pub fn transact<T>(
        &self,
        act: impl FnOnce(&mut State) -> Result<T, HandlerError>,
    ) -> Result<T, HandlerError> {
        self.with(|state| {
            let mut changed = state.clone();
            let result = act(&mut changed)?;
            *state = changed;
            Ok(result)
        })
    }
}
