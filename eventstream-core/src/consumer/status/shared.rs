use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{
    sync::{Notify, futures::Notified, watch},
    time::Instant,
};

use super::{ConsumerState, Status, Wants, inner::Inner};
use crate::Event;

/// What a consumer and its handles share.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// Tells those who watch that there is something new, and whether it is the last.
    changed: watch::Sender<bool>,
    /// Tells those who wait for an offset that one of them may go on.
    progressed: Notify,
    /// Tells the consumer that somebody wants something of it.
    attention: Notify,
    /// Tells the monitor to look where the stream ends.
    probe: Notify,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner::new()),
            changed: watch::Sender::new(false),
            progressed: Notify::new(),
            attention: Notify::new(),
            probe: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something that watchers are told.
    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        let is_last = inner.state == ConsumerState::Stopped;
        drop(inner);
        self.changed.send_replace(is_last);
    }

    // What the consumer says.

    pub(crate) fn enter(&self, state: ConsumerState) {
        self.change(|inner| inner.enter(state));
        if state == ConsumerState::Stopped {
            self.progressed.notify_waiters();
        }
    }

    /// The handler says where it is, or was told.
    pub(crate) fn opened_at(&self, offset: u64) {
        self.change(|inner| {
            inner.offset = Some(offset);
            // It may lie before what was filtered out in the round before.
            inner.position = Some(offset);
            inner.resting = false;
            inner.enter(ConsumerState::CatchingUp);
        });
        self.moved();
        self.probe.notify_one();
    }

    /// The handler is handed something, of which this is the last event.
    pub(crate) fn handling(&self, event: Option<&Event>) -> Instant {
        let now = Instant::now();
        let mut inner = self.lock();
        if let Some(event) = event {
            inner.sample(event, now);
        }
        inner.handling_since = Some(now);
        inner.heartbeat = now;
        now
    }

    /// The handler has given back what it had in hand, handled or not.
    pub(crate) fn gave_back(&self) {
        self.lock().handling_since = None;
    }

    /// The handler has handled all below an offset; it was handed that `since`.
    pub(crate) fn handled(&self, offset: u64, since: Instant) -> Wants {
        let mut inner = self.lock();
        inner.handling_since = None;
        inner.offset = Some(offset);
        inner.failures = 0;
        inner.resting = false;
        let reached = inner.move_to(offset, since);
        let wants = inner.wants();
        let caught_up = inner.catches_up();
        drop(inner);
        if caught_up {
            self.change(Inner::settle);
            self.probe.notify_one();
        }
        if reached {
            self.progressed.notify_waiters();
        }
        wants
    }

    /// The cursor has come to a position without anything to deliver; `offset` is the handler's.
    pub(crate) fn looked(&self, offset: u64, position: u64) {
        self.came_to(offset, position, true);
    }

    /// A parked event was passed over; `offset` is the handler's.
    pub(crate) fn passed_over(&self, offset: u64, position: u64) {
        self.came_to(offset, position, false);
    }

    fn came_to(&self, offset: u64, position: u64, resting: bool) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.offset = Some(offset);
        inner.heartbeat = now;
        inner.resting = resting;
        let reached = inner.move_to(position, now);
        let behind = inner.state == ConsumerState::CatchingUp;
        let caught_up = behind && (inner.untold || inner.catches_up());
        drop(inner);
        if caught_up {
            self.change(Inner::settle);
        }
        if reached {
            self.progressed.notify_waiters();
        }
        if behind {
            self.probe.notify_one();
        }
    }

    /// The handler has noted what it was told to skip: it works.
    pub(crate) fn skipped(&self) {
        self.lock().failures = 0;
    }

    pub(crate) fn failed(&self, during: &'static str, error: String, failures: u32) {
        self.change(|inner| {
            inner.last_failure = Some((during, error, Instant::now()));
            inner.failures = failures;
        });
    }

    pub(crate) fn parked(&self, count: u64) {
        self.change(|inner| {
            inner.parked = count;
            inner.settle();
        });
    }

    /// One more event is parked.
    pub(crate) fn parked_one(&self) {
        self.change(|inner| {
            inner.parked = inner.parked.saturating_add(1);
            inner.settle();
        });
    }

    // What the monitor says.

    /// The stream says where it ends, or why it doesn't.
    ///
    /// The consumer is past that if it was so before the stream was asked.
    pub(crate) fn probed(&self, end: Result<Option<u64>, String>, past_end: bool) {
        self.change(|inner| {
            inner.heartbeat = Instant::now();
            inner.past_end = past_end;
            let before = inner.end;
            inner.untold = matches!(end, Ok(None));
            (inner.end, inner.end_failure) = match end {
                Ok(end) => (end, None),
                Err(failure) => (None, Some(failure)),
            };
            inner.fall_behind(before);
            inner.settle();
        });
        // It may be asleep, with that filtered out.
        if self.wants().behind {
            self.attention.notify_one();
        }
    }

    /// How far the stream was looked through.
    pub(crate) fn position(&self) -> Option<u64> {
        self.lock().position
    }

    /// Whether there are parked events to be replayed.
    pub(crate) fn set_replay(&self, replay: bool) {
        self.lock().replay = replay;
        if replay {
            self.attention.notify_one();
        }
    }

    /// Until somebody wants to know where the stream ends.
    pub(crate) fn probe_wanted(&self) -> Notified<'_> {
        self.probe.notified()
    }

    // What handles want.

    pub(crate) fn set_pause(&self, pause: bool) {
        self.lock().pause = pause;
        self.attention.notify_one();
    }

    /// Notes that somebody waits for the offset.
    pub(crate) fn add_target(&self, offset: u64) {
        *self.lock().targets.entry(offset).or_default() += 1;
        self.attention.notify_one();
    }

    pub(crate) fn remove_target(&self, offset: u64) {
        let mut inner = self.lock();
        if let Some(count) = inner.targets.get_mut(&offset) {
            *count -= 1;
            if *count == 0 {
                inner.targets.remove(&offset);
            }
        }
    }

    /// Whether the event at an offset is done with; `None` if it will never be.
    pub(crate) fn is_past(&self, offset: u64) -> Option<bool> {
        let inner = self.lock();
        if inner.position.is_some_and(|position| position > offset) {
            Some(true)
        } else if inner.state == ConsumerState::Stopped {
            None
        } else {
            Some(false)
        }
    }

    pub(crate) fn progressed(&self) -> Notified<'_> {
        self.progressed.notified()
    }

    /// Whether there is a handle.
    pub(crate) fn is_watched(&self) -> bool {
        self.changed.receiver_count() > 0
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.changed.subscribe()
    }

    // What the consumer asks.

    pub(crate) fn wants(&self) -> Wants {
        self.lock().wants()
    }

    pub(crate) fn attention(&self) -> Notified<'_> {
        self.attention.notified()
    }

    /// Those who wait for an offset look again.
    fn moved(&self) {
        if self.lock().is_reached() {
            self.progressed.notify_waiters();
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.lock().status()
    }
}
