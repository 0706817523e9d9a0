use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use eventstream_core::{Event, Handler, HandlerError, Identity};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

/// What comes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Retry,
    Reject,
    Conflict,
    /// A conflict with another replica, which has meanwhile come to this offset.
    Overtaken(u64),
    /// In a batch: so many events are handled, and the next one fails.
    Partly(u64),
    /// In a skip: the handler says that it is at this offset, and is.
    Wander(u64),
}

/// A handler that does as it is told, and notes everything. Clones are the same handler.
#[derive(Clone)]
pub(crate) struct FakeHandler(Arc<Mutex<State>>);

pub(crate) struct State {
    /// Kept as a real handler would keep it.
    pub(crate) offset: u64,
    pub(crate) offset_fails: u32,
    pub(crate) offset_hangs: bool,
    /// What comes of the next calls; `Done` after that.
    pub(crate) outcomes: VecDeque<Outcome>,
    pub(crate) skip_outcomes: VecDeque<Outcome>,
    /// Calls wait for a permit of it before they do anything.
    pub(crate) gate: Option<Arc<Semaphore>>,
    /// How long each call takes.
    pub(crate) takes: Duration,
    pub(crate) sources: Vec<Identity>,
    /// What every call was handed, failed ones included: the offset, those of the events, and when.
    pub(crate) calls: Vec<(u64, Vec<u64>, Instant)>,
    /// Offsets of the events that were handled.
    pub(crate) handled: Vec<u64>,
    pub(crate) skips: Vec<(u64, u64, Instant)>,
    /// Where it was told to begin.
    pub(crate) begun_at: Option<u64>,
    /// What comes of the next replays; `Done` after that.
    pub(crate) replay_outcomes: VecDeque<Outcome>,
    /// Offsets of the parked events that it was handed, failed ones included.
    pub(crate) replays: Vec<u64>,
    /// What happens during the next replay.
    pub(crate) during_replay: Option<Box<dyn FnOnce() + Send>>,
    /// Calls that were begun and not finished.
    pub(crate) in_hand: usize,
}

impl FakeHandler {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            offset: 0,
            offset_fails: 0,
            offset_hangs: false,
            outcomes: VecDeque::new(),
            skip_outcomes: VecDeque::new(),
            gate: None,
            takes: Duration::ZERO,
            sources: Vec::new(),
            calls: Vec::new(),
            handled: Vec::new(),
            skips: Vec::new(),
            begun_at: None,
            replay_outcomes: VecDeque::new(),
            replays: Vec::new(),
            during_replay: None,
            in_hand: 0,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics under the lock")
    }

    pub(crate) fn outcomes<const N: usize>(&self, outcomes: [Outcome; N]) {
        self.state().outcomes.extend(outcomes);
    }

    pub(crate) fn skip_outcomes<const N: usize>(&self, outcomes: [Outcome; N]) {
        self.state().skip_outcomes.extend(outcomes);
    }

    /// Lets calls wait until they are given a permit.
    pub(crate) fn gate(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.state().gate = Some(gate.clone());
        gate
    }

    pub(crate) fn handled(&self) -> Vec<u64> {
        self.state().handled.clone()
    }

    /// The offset and the events' offsets of each call.
    pub(crate) fn calls(&self) -> Vec<(u64, Vec<u64>)> {
        let state = self.state();
        let calls = state.calls.iter();
        calls.map(|call| (call.0, call.1.clone())).collect()
    }

    pub(crate) fn skips(&self) -> Vec<(u64, u64)> {
        let state = self.state();
        state.skips.iter().map(|skip| (skip.0, skip.1)).collect()
    }

    async fn take_its_time(&self) {
        self.state().in_hand += 1;
        let (gate, takes) = {
            let state = self.state();
            (state.gate.clone(), state.takes)
        };
        if !takes.is_zero() {
            sleep(takes).await;
        }
        if let Some(gate) = gate {
            gate.acquire().await.expect("the gate stays open").forget();
        }
        self.state().in_hand -= 1;
    }

    async fn handle(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        let offsets: Vec<u64> = events.iter().map(|event| event.offset).collect();
        let call = (offset, offsets.clone(), Instant::now());
        self.state().calls.push(call);
        self.take_its_time().await;
        let mut state = self.state();
        let outcome = state.outcomes.pop_front().unwrap_or(Outcome::Done);
        let done = match outcome {
            Outcome::Partly(count) => usize::try_from(count).expect("a small count"),
            Outcome::Done => offsets.len(),
            _ => 0,
        };
        assert_eq!(offset, state.offset, "the handler was handed its offset");
        for offset in &offsets[..done] {
            state.handled.push(*offset);
            state.offset = offset + 1;
        }
        state.result(outcome)
    }
}

impl State {
    fn result(&mut self, outcome: Outcome) -> Result<(), HandlerError> {
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::Retry | Outcome::Partly(_) => Err("told to fail".into()),
            Outcome::Reject => Err(HandlerError::Reject("told to reject".into())),
            Outcome::Conflict => Err(HandlerError::Conflict),
            Outcome::Overtaken(offset) => {
                self.offset = offset;
                Err(HandlerError::Conflict)
            }
            Outcome::Wander(offset) => {
                self.offset = offset;
                Ok(())
            }
        }
    }
}

impl Handler for FakeHandler {
    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        let hangs = self.state().offset_hangs;
        if hangs {
            pending::<()>().await;
        }
        let mut state = self.state();
        state.sources.push(source.clone());
        if state.offset_fails > 0 {
            state.offset_fails -= 1;
            return Err("told to fail".into());
        }
        Ok(state.offset)
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle(offset, vec![event]).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.handle(offset, events).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.state().skips.push((offset, next, Instant::now()));
        self.take_its_time().await;
        let mut state = self.state();
        let outcome = state.skip_outcomes.pop_front().unwrap_or(Outcome::Done);
        assert_eq!(offset, state.offset, "the handler was handed its offset");
        if outcome == Outcome::Done {
            state.offset = next;
        }
        state.result(outcome)?;
        Ok(state.offset)
    }

    async fn has_begun(&mut self, _source: &Identity) -> Result<bool, HandlerError> {
        let state = self.state();
        Ok(state.begun_at.is_some() || state.offset > 0)
    }

    async fn begin_at(&mut self, _source: &Identity, offset: u64) -> Result<(), HandlerError> {
        let mut state = self.state();
        state.begun_at = Some(offset);
        state.offset = offset;
        Ok(())
    }

    async fn handle_parked(
        &mut self,
        _source: &Identity,
        event: Event,
    ) -> Result<(), HandlerError> {
        let during = self.state().during_replay.take();
        if let Some(during) = during {
            during();
        }
        let mut state = self.state();
        state.replays.push(event.offset);
        let outcome = state.replay_outcomes.pop_front().unwrap_or(Outcome::Done);
        state.result(outcome)
    }
}

/// The same handler, whose offset does not move by skipping.
pub(crate) struct Staying(pub(crate) FakeHandler);

impl Handler for Staying {
    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.0.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.0.handle_event(offset, event).await
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.0.handle_parked(source, event).await
    }
}

/// The same handler, without methods of its own for batches and skipping.
pub(crate) struct Plain(pub(crate) FakeHandler);

impl Handler for Plain {
    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.0.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.0.handle_event(offset, event).await
    }
}
