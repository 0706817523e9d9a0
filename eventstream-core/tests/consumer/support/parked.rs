use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};

use eventstream_core::{Error, Event, Identity, ParkedEvent, ParkedEvents, Result};

/// A store of parked events in memory. Clones are the same store.
#[derive(Clone, Default)]
pub(crate) struct Parked(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    notes: BTreeMap<(String, u64), Note>,
    /// How often it still fails.
    pub(crate) fails: u32,
    /// Whether it waits for ever when it is asked for what is to be replayed.
    pub(crate) hangs: bool,
    /// Whether somebody removes each note before it is parked.
    pub(crate) forgets: bool,
}

struct Note {
    event: ParkedEvent,
    parked: bool,
}

impl Parked {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("not poisoned")
    }

    fn open(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.fails > 0 {
            state.fails -= 1;
            return Err(Error::backend("asking for parked events", true, "told to fail"));
        }
        Ok(state)
    }
}

fn key(source: &Identity, offset: u64) -> (String, u64) {
    (source.key.clone(), offset)
}

impl ParkedEvents for Parked {
    async fn failed(&self, source: &Identity, event: &Event, error: &str) -> Result<u32> {
        let mut state = self.open()?;
        let note = state.notes.entry(key(source, event.offset)).or_insert_with(|| {
            let mut event = ParkedEvent::new(event.clone(), error);
            event.attempts = 0;
            Note { event, parked: false }
        });
        note.event.attempts += 1;
        error.clone_into(&mut note.event.error);
        note.event.last_failed_at = SystemTime::now();
        note.event.replaying = false;
        Ok(note.event.attempts)
    }

    async fn park(&self, source: &Identity, offset: u64) -> Result<bool> {
        let mut state = self.open()?;
        if state.forgets {
            state.notes.remove(&key(source, offset));
        }
        Ok(state.notes.get_mut(&key(source, offset)).map(|note| note.parked = true).is_some())
    }

    async fn resume(&self, source: &Identity, offset: u64) -> Result<Vec<u64>> {
        let mut state = self.open()?;
        state.notes.retain(|(application, at), note| {
            *application != source.key || *at >= offset || note.parked
        });
        let range = key(source, offset)..=key(source, u64::MAX);
        let parked = state.notes.range(range).filter(|(_, note)| note.parked);
        Ok(parked.map(|((_, at), _)| *at).collect())
    }

    async fn list(&self, source: &Identity, offset: u64, max: usize) -> Result<Vec<ParkedEvent>> {
        let state = self.open()?;
        let range = key(source, offset)..=key(source, u64::MAX);
        let parked = state.notes.range(range).filter(|(_, note)| note.parked);
        Ok(parked.map(|(_, note)| note.event.clone()).take(max).collect())
    }

    async fn count(&self, source: &Identity) -> Result<u64> {
        Ok(self.list(source, 0, usize::MAX).await?.len() as u64)
    }

    async fn replay(&self, source: &Identity, offset: u64) -> Result<bool> {
        let mut state = self.open()?;
        let note = state.notes.get_mut(&key(source, offset)).filter(|note| note.parked);
        Ok(note.map(|note| note.event.replaying = true).is_some())
    }

    async fn next_replay(&self, source: &Identity) -> Result<Option<ParkedEvent>> {
        let hangs = self.state().hangs;
        if hangs {
            pending::<()>().await;
        }
        Ok(self.list(source, 0, usize::MAX).await?.into_iter().find(|event| event.replaying))
    }

    async fn remove(&self, source: &Identity, offset: u64) -> Result<bool> {
        Ok(self.open()?.notes.remove(&key(source, offset)).is_some())
    }
}
