use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use eventstream_core::{Event, Handler, HandlerError, Identity};
use fastrand::Rng;
use tokio::time::sleep;

/// A handler that compares and sets its offset, fails at random, and has a replica that is faster
/// now and then. Clones are the same handler.
#[derive(Clone)]
pub(super) struct Model(Arc<Mutex<State>>);

struct State {
    rng: Rng,
    offset: u64,
    /// Whether it stores what is skipped.
    skips: bool,
    /// Whether a batch that fails has no effect.
    atomic: bool,
    /// In turn, by it or by its replica.
    handled: Vec<u64>,
    replayed: Vec<u64>,
    /// How often an event has failed by itself.
    failures: BTreeMap<u64, u32>,
    rejected: BTreeSet<u64>,
}

impl Model {
    pub(super) fn new(mut rng: Rng) -> Self {
        let (skips, atomic) = (rng.bool(), rng.bool());
        Self(Arc::new(Mutex::new(State {
            rng,
            offset: 0,
            skips,
            atomic,
            handled: Vec::new(),
            replayed: Vec::new(),
            failures: BTreeMap::new(),
            rejected: BTreeSet::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("not poisoned")
    }

    pub(super) fn offset(&self) -> u64 {
        self.state().offset
    }

    pub(super) fn has_handled(&self, offset: u64) -> bool {
        let state = self.state();
        state.handled.contains(&offset) || state.replayed.contains(&offset)
    }

    /// Each of the events that are wanted was handled once, in order, or is parked, and for a reason.
    pub(super) fn check(&self, wanted: &BTreeSet<u64>, parked: &BTreeSet<u64>, attempts: u32) {
        let state = self.state();
        assert!(state.handled.is_sorted_by(|a, b| a < b), "{:?}", state.handled);
        let put_aside: Vec<u64> = parked.iter().chain(&state.replayed).copied().collect();
        let mut all: Vec<u64> = state.handled.iter().chain(&put_aside).copied().collect();
        all.sort_unstable();
        assert_eq!(all, wanted.iter().copied().collect::<Vec<u64>>());
        let has_to_be = |offset: &u64| {
            let failures = state.failures.get(offset).copied().unwrap_or(0);
            failures >= attempts || state.rejected.contains(offset)
        };
        assert!(put_aside.iter().all(has_to_be), "{put_aside:?}");
        assert!(!state.handled.iter().any(has_to_be), "{:?}", state.handled);
    }

    async fn take_its_time(&self) {
        let takes = self.state().rng.u64(..100);
        if takes < 60 {
            sleep(Duration::from_millis(takes)).await;
        }
    }
}

impl State {
    /// Whether something happens that does so once in so many times.
    fn happens(&mut self, once_in: u32) -> bool {
        self.rng.u32(..once_in) == 0
    }

    fn meddled_with(&mut self, offset: u64, first: Option<u64>) -> Result<(), HandlerError> {
        if offset != self.offset {
            return Err(HandlerError::Conflict);
        }
        if self.happens(20) {
            // A replica was faster.
            if let Some(first) = first {
                self.handled.push(first);
                self.offset = first + 1;
            }
            return Err(HandlerError::Conflict);
        }
        Ok(())
    }

    fn fails(&mut self, offset: u64) -> Result<(), HandlerError> {
        let is_poisonous = offset % 7 == 3;
        if is_poisonous && offset.is_multiple_of(2) {
            return Err(HandlerError::Reject("never".into()));
        }
        if is_poisonous || self.happens(10) {
            return Err("not now".into());
        }
        Ok(())
    }
}

impl Handler for Model {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        self.take_its_time().await;
        let mut state = self.state();
        if state.happens(20) { Err("not now".into()) } else { Ok(state.offset) }
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.take_its_time().await;
        let mut state = self.state();
        state.meddled_with(offset, events.first().map(|event| event.offset))?;
        let outcomes: Vec<_> = events.iter().map(|event| state.fails(event.offset)).collect();
        let failed = outcomes.iter().any(Result::is_err);
        if failed && events.len() > 1 && state.atomic {
            return Err("one of them".into());
        }
        for (event, outcome) in events.iter().zip(outcomes) {
            if let Err(error) = outcome {
                if events.len() == 1 {
                    *state.failures.entry(event.offset).or_default() += 1;
                    if matches!(error, HandlerError::Reject(_)) {
                        state.rejected.insert(event.offset);
                    }
                }
                return Err(error);
            }
            state.handled.push(event.offset);
            state.offset = event.offset + 1;
        }
        Ok(())
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.take_its_time().await;
        let mut state = self.state();
        state.meddled_with(offset, None)?;
        if state.happens(20) {
            return Err("not now".into());
        }
        if state.skips {
            state.offset = next;
        }
        Ok(state.offset)
    }

    async fn handle_parked(
        &mut self,
        _source: &Identity,
        event: Event,
    ) -> Result<(), HandlerError> {
        self.take_its_time().await;
        let mut state = self.state();
        if state.happens(4) {
            return Err("not now".into());
        }
        state.replayed.push(event.offset);
        Ok(())
    }
}
