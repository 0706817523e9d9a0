use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use eventstream_core::{BoxError, Error, Event, EventTypes, Parcel, Result};
use tokio::sync::{Notify, futures::Notified};

/// The events of a stream.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    appended: Notify,
}

struct State {
    oldest: u64,
    parcels: VecDeque<Parcel>,
}

impl Log {
    pub fn starting_at(oldest: u64) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State { oldest, parcels: VecDeque::new() }),
            appended: Notify::new(),
        }))
    }

    pub fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        let mut state = self.lock();
        if u64::MAX - state.end() < parcels.len() as u64 {
            return Err("there are no offsets left".into());
        }
        state.parcels.extend(parcels);
        self.0.appended.notify_waiters();
        Ok(())
    }

    pub fn truncate(&self, before: u64) {
        let mut state = self.lock();
        while state.oldest < before && state.parcels.pop_front().is_some() {
            state.oldest += 1;
        }
    }

    pub fn oldest(&self) -> u64 {
        self.lock().oldest
    }

    pub fn end(&self) -> u64 {
        self.lock().end()
    }

    /// The events that are there, and the bytes of their parcels.
    pub fn size(&self) -> (usize, usize) {
        let state = self.lock();
        let bytes = state.parcels.iter().map(|parcel| parcel.wire().len()).sum();
        (state.parcels.len(), bytes)
    }

    /// The first event of these types at or after `position`, if it is there; else where to go on.
    pub fn find(&self, position: u64, types: &EventTypes) -> Result<Result<Event, u64>> {
        let state = self.lock();
        if position < state.oldest {
            return Err(Error::Truncated { requested: position, oldest: state.oldest });
        }
        let skipped = usize::try_from(position - state.oldest).unwrap_or(usize::MAX);
        let mut rest = state.parcels.iter().skip(skipped).zip(position..);
        Ok(rest
            .find(|(parcel, _)| types.contains(parcel.event_type()))
            .map(|(parcel, offset)| Event::new(offset, parcel.clone()))
            .ok_or(position.max(state.end())))
    }

    /// Resolves when something was appended after it was made.
    pub fn appended(&self) -> Notified<'_> {
        self.0.appended.notified()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl State {
    fn end(&self) -> u64 {
        self.oldest + self.parcels.len() as u64
    }
}
