use std::mem;

use eventstream_core::{Event, Handler, HandlerError, Identity, Incarnation};
use tokio::{sync::OwnedMutexGuard, task::yield_now};

use super::HandlerFault as Fault;
use crate::support::handler::{State, Table};

pub struct FaultyHandler {
    pub(super) fault: Option<Fault>,
    pub(super) table: Table,
    /// The application that it was last asked about.
    pub(super) source: Option<Identity>,
    /// The offset as it is known here: of use to some faults only.
    pub(super) known: Option<u64>,
    /// A question has taken it away, and was not brought to its end.
    is_lost: bool,
    /// How often it was asked without a change in between.
    asked: usize,
    /// How often it was told of the stream.
    begun: usize,
    pub(super) has_started: bool,
    /// How often it has handled something.
    pub(super) handled: usize,
    /// Effects that are not there for ever.
    pub(super) not_stored: usize,
    /// The event that has failed.
    pub(super) failed: Option<u64>,
    /// Where it was told to skip to.
    skipped: Option<u64>,
}

impl FaultyHandler {
    pub fn new(fault: Option<Fault>, table: Table) -> Self {
        Self {
            fault,
            table,
            source: None,
            known: None,
            is_lost: false,
            asked: 0,
            begun: 0,
            has_started: false,
            handled: 0,
            not_stored: 0,
            failed: None,
            skipped: None,
        }
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// What the offset of an application is kept by.
    pub(super) fn offset_key(&self, source: &Identity) -> String {
        match self.fault {
            Some(Fault::OneOffsetForAll) => String::new(),
            Some(Fault::GoesByTheName) => source.name.clone(),
            Some(Fault::GoesByNameAndKey) => source.to_string(),
            Some(Fault::StaysWithTheFirst) => {
                self.source.as_ref().map_or(&source.key, |first| &first.key).clone()
            }
            _ => source.key.clone(),
        }
    }

    pub(super) fn source(&self) -> Identity {
        self.source.clone().unwrap_or_default()
    }

    fn note(&mut self, source: &Identity) {
        if !(self.has(Fault::StaysWithTheFirst) && self.source.is_some()) {
            self.source = Some(source.clone());
        }
    }

    fn stored(&self, state: &State, source: &Identity) -> u64 {
        let stored = state.offsets.get(&self.offset_key(source)).copied();
        stored.unwrap_or(u64::from(self.has(Fault::BeginsAtOne)))
    }

    /// The offset that others are compared with.
    pub(super) fn offset(&self, state: &State) -> u64 {
        let stored = self.stored(state, &self.source());
        match self.fault {
            Some(
                Fault::OffsetInMemory
                | Fault::OffsetIsStoredLater
                | Fault::TrustsItsMemory
                | Fault::SkipInMemory
                | Fault::StartInMemory,
            ) => self.known.unwrap_or(stored),
            Some(Fault::SkipExpectsItsNext) => self.skipped.unwrap_or(stored),
            _ => stored,
        }
    }

    /// Nobody else changes anything meanwhile, but for faults that are about that.
    pub(super) async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        match self.fault {
            Some(Fault::ComparesAndThenSets | Fault::AsksAndThenStarts) => None,
            _ => Some(self.table.turn().await),
        }
    }

    /// Something was changed: what is remembered of before is of no use any more.
    pub(super) fn has_changed(&mut self) {
        self.asked = 0;
        self.skipped = None;
    }
}

impl Handler for FaultyHandler {
    async fn begin(
        &mut self,
        source: &Identity,
        _incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.begun += 1;
        if self.has(Fault::BeginsAnew) && self.begun > 2 {
            let key = self.offset_key(source);
            self.table.with(|state| state.offsets.remove(&key));
        }
        Ok(())
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.note(source);
        self.asked += 1;
        let stored = self.table.clone().with(|state| {
            if self.has(Fault::AskingMoves) && self.asked.is_multiple_of(3) {
                state.move_to(&self.offset_key(source), self.offset(state) + 1);
            }
            self.stored(state, source)
        });
        match self.fault {
            Some(Fault::DroppedQuestionForgets) => {
                let is_lost = mem::replace(&mut self.is_lost, true);
                yield_now().await;
                self.is_lost = is_lost;
                Ok(if is_lost { 0 } else { stored })
            }
            Some(Fault::NeverLearns) => Ok(*self.known.get_or_insert(stored)),
            Some(Fault::TrustsItsMemory) => {
                self.known = Some(stored);
                Ok(stored)
            }
            _ => Ok(self.table.with(|state| self.offset(state))),
        }
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle(offset, vec![event], false).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.handle(offset, events, true).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        let (source, table) = (self.source(), self.table.clone());
        let key = self.offset_key(&source);
        let _turn = self.turn().await;
        table.with(|state| {
            let now = self.offset(state);
            if offset != now && !self.has(Fault::SkipIsNotCompared) {
                return match self.fault {
                    Some(Fault::SkipKnowsNoConflict) => Ok(now),
                    _ => Err(HandlerError::Conflict),
                };
            }
            self.has_changed();
            let mut moved = next;
            let mut told = next;
            match self.fault {
                Some(Fault::SkipsTooFar) => (moved, told) = (next + 1, next + 1),
                Some(Fault::SkipsBack) => {
                    (moved, told) = (offset.saturating_sub(1), offset.saturating_sub(1));
                }
                Some(Fault::SkipIsNotStored) => moved = offset,
                Some(Fault::SkipDeniesIt) => told = offset,
                Some(Fault::SkipHasAnEffect) => state.add_effect(&source.key, offset),
                Some(Fault::SkipExpectsItsNext) => {
                    self.skipped = Some(next);
                    return Ok(offset);
                }
                Some(Fault::SkipInMemory) => {
                    self.known = Some(next);
                    return Ok(next);
                }
                _ => {}
            }
            self.known = Some(moved);
            if !self.has(Fault::OffsetInMemory) {
                state.move_to(&key, moved);
            }
            Ok(told)
        })
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        Ok(self.is_started(source))
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.start(source, offset).await
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.replay(source, &event)
    }
}

impl Drop for FaultyHandler {
    fn drop(&mut self) {
        let (source, lost) = (self.source(), self.not_stored);
        self.table.with(|state| {
            if let Some(effects) = state.effects.get_mut(&source.key) {
                effects.truncate(effects.len() - lost);
            }
        });
    }
}
