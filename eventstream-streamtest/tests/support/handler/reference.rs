use eventstream_core::{Event, Handler, HandlerError, Identity};

use super::{State, Table, is_failing};

/// Has an effect for each event: its offset is noted.
pub struct ReferenceHandler {
    table: Table,
    /// The key of the application that it was last asked about.
    key: String,
}

impl ReferenceHandler {
    pub fn new(table: Table) -> Self {
        Self { table, key: String::new() }
    }
}

/// The effect of an event, as far as it goes.
fn apply(state: &mut State, key: &str, event: &Event) -> Result<(), HandlerError> {
    state.add_effect(key, event.offset);
    if is_failing(event) { Err("the event is one that fails".into()) } else { Ok(()) }
}

impl Handler for ReferenceHandler {
    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        source.key.clone_into(&mut self.key);
        Ok(self.table.with(|state| state.offset(&source.key)))
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.table.transact(|state| {
            state.compare(&self.key, offset)?;
            for event in &events {
                apply(state, &self.key, event)?;
                state.move_to(&self.key, event.offset + 1);
            }
            Ok(())
        })
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.table.transact(|state| {
            state.compare(&self.key, offset)?;
            state.move_to(&self.key, next);
            Ok(next)
        })
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        Ok(self.table.with(|state| state.offsets.contains_key(&source.key)))
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.table.transact(|state| {
            if state.offsets.contains_key(&source.key) {
                return Err(HandlerError::Conflict);
            }
            state.move_to(&source.key, offset);
            Ok(())
        })
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.table.transact(|state| {
            let parked = state.parked.get_mut(&source.key);
            if !parked.is_some_and(|parked| parked.remove(&event.offset)) {
                return Err(HandlerError::Conflict);
            }
            apply(state, &source.key, &event)
        })
    }
}
