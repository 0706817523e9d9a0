use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{ConsumerState, LastFailure, Status, Wants};
use crate::Event;

/// The age of events is looked at so often at most: it takes some time to read.
const SAMPLE: Duration = Duration::from_secs(1);

/// What is known of a consumer.
// Each of the flags says something else; together they are no state.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Inner {
    pub(super) state: ConsumerState,
    pub(super) offset: Option<u64>,
    pub(super) position: Option<u64>,
    pub(super) end: Option<u64>,
    pub(super) end_failure: Option<String>,
    pub(super) parked: u64,
    pub(super) failures: u32,
    pub(super) last_failure: Option<(&'static str, String, Instant)>,
    pub(super) handling_since: Option<Instant>,
    pub(super) progress: Instant,
    pub(super) heartbeat: Instant,
    /// Whether the position lies where the stream has not come yet.
    pub(super) past_end: bool,
    /// Whether the stream has said that it can't tell where it ends.
    pub(super) untold: bool,
    /// Whether the cursor had nothing to deliver when it was last asked.
    pub(super) resting: bool,
    /// When the last event that was looked at was recorded, and when it was looked at.
    pub(super) recorded_at: Option<(SystemTime, Instant)>,
    pub(super) pause: bool,
    pub(super) replay: bool,
    /// The offsets that are waited for, and by how many.
    pub(super) targets: BTreeMap<u64, usize>,
}

impl Inner {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            state: ConsumerState::Starting,
            offset: None,
            position: None,
            end: None,
            end_failure: None,
            parked: 0,
            failures: 0,
            last_failure: None,
            handling_since: None,
            progress: now,
            heartbeat: now,
            past_end: false,
            untold: false,
            resting: false,
            recorded_at: None,
            pause: false,
            replay: false,
            targets: BTreeMap::new(),
        }
    }

    pub(super) fn enter(&mut self, state: ConsumerState) {
        self.state = state;
        self.heartbeat = Instant::now();
        self.settle();
    }

    /// Between the states of a consumer that reads, the position decides.
    pub(super) fn settle(&mut self) {
        if !matches!(
            self.state,
            ConsumerState::CatchingUp | ConsumerState::Live | ConsumerState::Parked
        ) {
            return;
        }
        let at_end = match (self.position, self.end) {
            _ if self.past_end => false,
            (Some(position), Some(end)) if position >= end => true,
            // Without knowing where the end is, it is there when there is nothing to read.
            _ if self.untold && self.resting => true,
            _ => self.state != ConsumerState::CatchingUp,
        };
        self.state = match (at_end, self.parked) {
            (false, _) => ConsumerState::CatchingUp,
            (true, 0) => ConsumerState::Live,
            (true, _) => ConsumerState::Parked,
        };
    }

    /// Whether it was behind, and now is where the stream ended when it was last asked.
    pub(super) fn catches_up(&self) -> bool {
        self.state == ConsumerState::CatchingUp
            && !self.past_end
            && self.position.zip(self.end).is_some_and(|(position, end)| position >= end)
    }

    /// It is behind if it has not even come to where the stream ended the last time.
    pub(super) fn fall_behind(&mut self, before: Option<u64>) {
        let at_end = matches!(self.state, ConsumerState::Live | ConsumerState::Parked);
        let behind = before.zip(self.position).is_some_and(|(end, position)| position < end);
        if at_end && (behind || self.past_end || self.end_failure.is_some()) {
            self.state = ConsumerState::CatchingUp;
        }
    }

    /// Whether somebody waits for less than the position.
    pub(super) fn is_reached(&self) -> bool {
        let first = self.targets.first_key_value().map(|(offset, _)| *offset);
        first.zip(self.position).is_some_and(|(first, position)| first < position)
    }

    /// Returns whether somebody has waited for that.
    pub(super) fn move_to(&mut self, position: u64, now: Instant) -> bool {
        if self.position.is_none_or(|before| before < position) {
            self.position = Some(position);
            self.progress = now;
        }
        self.is_reached()
    }

    pub(super) fn sample(&mut self, event: &Event, now: Instant) {
        let due = self.recorded_at.is_none_or(|(_, at)| now.duration_since(at) >= SAMPLE);
        if due {
            self.recorded_at = Some((event.parcel.created_at(), now));
        }
    }

    pub(super) fn wants(&self) -> Wants {
        let last = self.targets.last_key_value().map(|(offset, _)| *offset);
        Wants {
            pause: self.pause,
            replay: self.replay,
            position: last.is_some_and(|last| self.position.is_none_or(|at| at <= last)),
            behind: self.position.zip(self.end).is_some_and(|(position, end)| position < end),
        }
    }

    pub(super) fn status(&self) -> Status {
        // What was handled since the stream was asked has moved its end, too.
        let end = if self.past_end { self.end } else { self.end.max(self.end.and(self.position)) };
        let lag_events = end.zip(self.position).map(|(end, position)| end.saturating_sub(position));
        let age = |at: SystemTime| SystemTime::now().duration_since(at).unwrap_or_default();
        let lag = match lag_events {
            Some(0) => Some(Duration::ZERO),
            None if self.untold && self.resting => Some(Duration::ZERO),
            _ => self.recorded_at.map(|(at, _)| age(at)),
        };
        Status {
            state: self.state,
            offset: self.offset,
            position: self.position,
            end,
            lag_events,
            lag,
            parked: self.parked,
            failures: self.failures,
            last_failure: self.last_failure.as_ref().map(|(during, error, at)| LastFailure {
                during,
                error: error.clone(),
                ago: at.elapsed(),
            }),
            end_failure: self.end_failure.clone(),
            handling_for: self.handling_since.map(|since| since.elapsed()),
            since_progress: self.progress.elapsed(),
            since_heartbeat: self.heartbeat.elapsed(),
        }
    }
}
