//! The faults of how events are handled, in their turn and out of it.

use eventstream_core::{Event, HandlerError, Identity};
use tokio::task::yield_now;

use super::{HandlerFault as Fault, handler::FaultyHandler};
use crate::support::handler::{State, is_failing};

impl FaultyHandler {
    pub(super) async fn handle(
        &mut self,
        offset: u64,
        events: Vec<Event>,
        is_batch: bool,
    ) -> Result<(), HandlerError> {
        let table = self.table.clone();
        let _turn = self.turn().await;
        table.with(|state| self.compare(state, offset, &events, is_batch))?;
        if self.has(Fault::RefusesGaps) && events[0].offset != offset {
            return Err("there is a gap".into());
        }
        match self.failed {
            Some(_) if self.has(Fault::FailureIsFinal) => {
                return Err("the handler has failed before".into());
            }
            Some(failed)
                if self.has(Fault::FailureHasToBeHandled) && events[0].offset != failed =>
            {
                return Err("there is one that comes before".into());
            }
            _ => {}
        }
        if self.has(Fault::ComparesAndThenSets) {
            yield_now().await;
            yield_now().await;
        }
        self.has_changed();
        if let Some(at_fault) = events.iter().position(is_failing) {
            return table.with(|state| self.fail(state, &events, at_fault, is_batch));
        }
        self.failed = None;
        self.succeed(&events, is_batch).await;
        Ok(())
    }

    fn compare(
        &self,
        state: &mut State,
        offset: u64,
        events: &[Event],
        is_batch: bool,
    ) -> Result<(), HandlerError> {
        let (now, source) = (self.offset(state), self.source());
        let is_taken = match self.fault {
            Some(Fault::TakesLowerOffsets) => offset < now,
            Some(Fault::TakesHigherOffsets) => offset > now,
            Some(Fault::BatchIsNotCompared) => is_batch,
            _ => false,
        };
        if offset == now || is_taken {
            return Ok(());
        }
        match self.fault {
            Some(Fault::ConflictIsToBeRetried) => return Err("another one was faster".into()),
            Some(Fault::ConflictHasTheEffect) => state.add_effect(&source.key, events[0].offset),
            Some(Fault::ConflictMoves) => {
                state.move_to(&self.offset_key(&source), events[0].offset + 1);
            }
            _ => {}
        }
        Err(HandlerError::Conflict)
    }

    fn fail(
        &mut self,
        state: &mut State,
        events: &[Event],
        at_fault: usize,
        is_batch: bool,
    ) -> Result<(), HandlerError> {
        let source = self.source();
        let (key, failing) = (self.offset_key(&source), &events[at_fault]);
        self.failed = Some(failing.offset);
        let handled = match self.fault {
            Some(Fault::BatchFailureHasEffects) if is_batch => &events[..at_fault],
            Some(Fault::BatchFailureGoesOn) if is_batch => &events[at_fault + 1..],
            Some(Fault::FailureHasAnEffect) => &events[at_fault..=at_fault],
            _ => &[],
        };
        for event in handled {
            state.add_effect(&source.key, event.offset);
        }
        match self.fault {
            Some(Fault::BatchFailureMoves) if is_batch && at_fault > 0 => {
                state.move_to(&key, events[at_fault - 1].offset + 1);
            }
            Some(Fault::BatchFailureGoesOn) if is_batch => {
                state.move_to(&key, events[events.len() - 1].offset + 1);
            }
            Some(Fault::FailureMoves) => state.move_to(&key, failing.offset + 1),
            Some(Fault::FailureIsSwallowed) => {
                state.move_to(&key, failing.offset + 1);
                return Ok(());
            }
            Some(Fault::FailureIsAConflict) => return Err(HandlerError::Conflict),
            _ => {}
        }
        Err("the event is one that fails".into())
    }

    async fn succeed(&mut self, events: &[Event], is_batch: bool) {
        let (source, table) = (self.source(), self.table.clone());
        let key = self.offset_key(&source);
        let mut effects: Vec<_> = events.iter().map(|event| event.offset).collect();
        let (last, count) = (effects[effects.len() - 1], effects.len() as u64);
        let before = table.with(|state| self.offset(state));
        let offset = match self.fault {
            Some(Fault::StoresTheLast) => last,
            Some(Fault::CountsEvents) => before + count,
            Some(Fault::BatchCounts) if is_batch => before + count,
            Some(Fault::CountsIn63Bits) => (last + 1) & (u64::MAX >> 1),
            _ => last + 1,
        };
        match self.fault {
            Some(Fault::BatchIsReversed) if is_batch => effects.reverse(),
            Some(Fault::BatchLosesTheLast) if is_batch => {
                effects.pop();
            }
            _ => {}
        }
        self.handled += 1;
        let is_stored_later = !self.handled.is_multiple_of(3);
        let add = |state: &mut State| {
            for effect in &effects {
                state.add_effect(&source.key, *effect);
            }
        };
        match self.fault {
            Some(Fault::EffectBeforeOffset) => {
                table.with(add);
                yield_now().await;
                yield_now().await;
                table.with(|state| state.move_to(&key, offset));
            }
            Some(Fault::OffsetBeforeEffect) => {
                table.with(|state| state.move_to(&key, offset));
                yield_now().await;
                yield_now().await;
                table.with(add);
            }
            Some(Fault::OffsetInMemory) => table.with(add),
            Some(Fault::OffsetIsStoredLater) if is_stored_later => table.with(add),
            _ => table.with(|state| {
                add(state);
                state.move_to(&key, offset);
            }),
        }
        if self.has(Fault::EffectsAreStoredLater) {
            self.not_stored = if is_stored_later { self.not_stored + effects.len() } else { 0 };
        }
        self.known = Some(offset);
    }

    pub(super) fn replay(&mut self, source: &Identity, event: &Event) -> Result<(), HandlerError> {
        let offset_key = self.offset_key(source);
        self.table.with(|state| {
            let parked = state.parked.entry(source.key.clone()).or_default();
            if !parked.contains(&event.offset) && !self.has(Fault::ReplaysAnything) {
                if self.has(Fault::RefusedReplayHasTheEffect) {
                    state.add_effect(&source.key, event.offset);
                }
                return Err(match self.fault {
                    Some(Fault::ReplayIsToBeRetried) => "the event is not parked".into(),
                    _ => HandlerError::Conflict,
                });
            }
            if is_failing(event) {
                if self.has(Fault::FailedReplayHasAnEffect) {
                    state.add_effect(&source.key, event.offset);
                }
                return Err("the event is one that fails".into());
            }
            if !self.has(Fault::ReplaysAgain) {
                parked.remove(&event.offset);
            }
            if !self.has(Fault::ReplayIsSwallowed) {
                state.add_effect(&source.key, event.offset);
            }
            if self.has(Fault::ReplayMoves) {
                state.move_to(&offset_key, event.offset + 1);
            }
            Ok(())
        })
    }
}
