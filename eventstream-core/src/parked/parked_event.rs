use std::time::SystemTime;

use crate::Event;

/// An event that could not be handled, and was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParkedEvent {
    /// The event, as it was delivered.
    pub event: Event,
    /// What went wrong the last time, with all its causes.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed first.
    pub first_failed_at: SystemTime,
    /// When it failed last.
    pub last_failed_at: SystemTime,
    /// Whether it is waiting to be handled once more.
    pub replaying: bool,
}

impl ParkedEvent {
    /// An event that has failed once, just now.
    pub fn new(event: Event, error: impl Into<String>) -> Self {
        let now = SystemTime::now();
        Self {
            event,
            error: error.into(),
            attempts: 1,
            first_failed_at: now,
            last_failed_at: now,
            replaying: false,
        }
    }
}
