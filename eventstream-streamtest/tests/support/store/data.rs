use std::{
    collections::{HashMap, HashSet, VecDeque},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
};

use eventstream_core::{Error, Event, Expect, Identity, Parcel, Result};
use tokio::sync::{Notify, futures::Notified};

/// What a store keeps, and what outlives it: the place of a file.
#[derive(Clone)]
pub struct Data(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    committed: Notify,
    /// Held by who is about to commit.
    writer: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone)]
struct State {
    oldest: u64,
    parcels: VecDeque<Parcel>,
    /// The offsets of the messages that are there.
    ids: HashMap<String, u64>,
}

impl Data {
    pub fn starting_at(oldest: u64) -> Self {
        Self::new(State { oldest, parcels: VecDeque::new(), ids: HashMap::new() })
    }

    fn new(state: State) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            committed: Notify::new(),
            writer: Arc::default(),
        }))
    }

    /// The same events, but apart from now on.
    pub fn copy(&self) -> Self {
        Self::new(self.lock().clone())
    }

    pub async fn write_lock(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.0.writer.clone().lock_owned().await
    }

    /// Stores all or nothing. What every store has to look at stands here, in one piece.
    pub fn append(
        &self,
        application: &Identity,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> Result<Range<u64>> {
        let mut seen = HashSet::new();
        for parcel in &parcels {
            parcel.check_is_from(application)?;
            if !seen.insert(parcel.message_id()) {
                return Err(Error::invalid("message_id", "is there twice"));
            }
        }
        let mut state = self.lock();
        if let Some(range) = state.repeated(&parcels)? {
            return Ok(range);
        }
        let start = state.end();
        if let Expect::Offset(expected) = expect
            && expected != start
        {
            return Err(Error::OffsetConflict { expected, actual: start });
        }
        let Some(end) = start.checked_add(parcels.len() as u64) else {
            return Err(Error::backend("append", false, "there are not as many offsets left"));
        };
        for (parcel, offset) in parcels.into_iter().zip(start..) {
            state.ids.insert(parcel.message_id().to_owned(), offset);
            state.parcels.push_back(parcel);
        }
        drop(state);
        self.0.committed.notify_waiters();
        Ok(start..end)
    }

    pub fn truncate(&self, before: u64) -> Result<()> {
        let mut state = self.lock();
        let next = state.end();
        if before > next {
            return Err(Error::PastTheEnd { requested: before, next });
        }
        while state.oldest < before {
            if let Some(parcel) = state.parcels.pop_front() {
                state.ids.remove(parcel.message_id());
            }
            state.oldest += 1;
        }
        Ok(())
    }

    /// The same, but without forgetting any message.
    pub fn truncate_all_but_ids(&self, before: u64) -> Result<()> {
        let ids = self.lock().ids.clone();
        let result = self.truncate(before);
        self.lock().ids.extend(ids);
        result
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
        (state.parcels.len(), state.parcels.iter().map(|parcel| parcel.wire().len()).sum())
    }

    /// The first event at or after `position` that matches, if it is below `end`.
    pub fn find(
        &self,
        position: u64,
        end: u64,
        matches: impl Fn(&Parcel) -> bool,
    ) -> Result<Option<Event>> {
        if position >= end {
            return Ok(None);
        }
        let state = self.lock();
        if position < state.oldest {
            return Err(Error::Truncated { requested: position, oldest: state.oldest });
        }
        let skipped = usize::try_from(position - state.oldest).unwrap_or(usize::MAX);
        Ok(state
            .parcels
            .iter()
            .skip(skipped)
            .zip(position..end)
            .find(|(parcel, _)| matches(parcel))
            .map(|(parcel, offset)| Event::new(offset, parcel.clone())))
    }

    /// Resolves when something was committed after it was made.
    pub fn committed(&self) -> Notified<'_> {
        self.0.committed.notified()
    }

    // What no good store does: it makes for faults.

    /// Forgets what was appended last.
    pub fn forget_last(&self) {
        let mut state = self.lock();
        if let Some(parcel) = state.parcels.pop_back() {
            state.ids.remove(parcel.message_id());
        }
    }

    /// Forgets all message ids.
    pub fn forget_ids(&self) {
        self.lock().ids.clear();
    }

    /// Begins with another offset, if nothing is there.
    pub fn restart_at(&self, oldest: u64) {
        let mut state = self.lock();
        if state.parcels.is_empty() {
            state.oldest = oldest;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl State {
    fn end(&self) -> u64 {
        self.oldest + self.parcels.len() as u64
    }

    /// Where the parcels are stored, if all are, one after another.
    fn repeated(&self, parcels: &[Parcel]) -> Result<Option<Range<u64>>> {
        let stored = |parcel: &Parcel| self.ids.get(parcel.message_id()).copied();
        let Some((first, offset)) =
            parcels.iter().find_map(|parcel| Some((parcel, stored(parcel)?)))
        else {
            return Ok(None);
        };
        let count = parcels.len() as u64;
        if parcels.iter().zip(offset..).all(|(parcel, offset)| stored(parcel) == Some(offset)) {
            return Ok(Some(offset..offset + count));
        }
        Err(Error::DuplicateMessage { message_id: first.message_id().to_owned(), offset })
    }
}
