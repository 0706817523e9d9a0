use std::time::Duration;

use super::{ConsumerState, LastFailure};

/// What a [`Consumer`](crate::Consumer) was doing when it was asked: see
/// [`ConsumerHandle::status`](crate::ConsumerHandle::status).
///
/// # What healthy is
///
/// | the consumer | looks like this |
/// |---|---|
/// | is idle | [`Live`](ConsumerState::Live), a lag of 0, a fresh heartbeat |
/// | is stuck in its handler | `handling_for` grows, and so does the lag |
/// | has a handler that blocks the thread | `since_heartbeat` grows, nothing else changes |
/// | has a stream that fails | [`BackingOff`](ConsumerState::BackingOff), `failures`, `last_failure` |
/// | has a stream that went quiet | [`CatchingUp`](ConsumerState::CatchingUp), the lag grows, `since_progress` too; or `end` is unknown, and `end_failure` says why |
/// | has events parked | [`Parked`](ConsumerState::Parked), as long as there are any; [`is_at_end`](Self::is_at_end) |
/// | is past the end of the stream | [`CatchingUp`](ConsumerState::CatchingUp), `position` above `end`: it was begun or reset there, or the stream was made anew |
/// | has ended | [`Stopped`](ConsumerState::Stopped) |
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What it is doing.
    pub state: ConsumerState,
    /// The handler's offset: that of the next event to handle. `None` before it is known.
    pub offset: Option<u64>,
    /// How far the stream was looked through: everything below was handled, filtered out or parked.
    /// Over events that are filtered out it moves when the consumer looks there: see
    /// [`skip_interval`](crate::Consumer::skip_interval). A round begins at the handler's offset again.
    pub position: Option<u64>,
    /// Where the stream ends, when it was last asked. `None` if it can't tell, or did not answer.
    pub end: Option<u64>,
    /// How many events lie between the position and the end of the stream, of whatever type.
    pub lag_events: Option<u64>,
    /// How old the event is that the handler was handed last, if there are more; else nothing. It is
    /// looked at once a second at most.
    pub lag: Option<Duration>,
    /// How many events are parked.
    pub parked: u64,
    /// How many failures there were in a row.
    pub failures: u32,
    /// The last failure; it stays when all is well again.
    pub last_failure: Option<LastFailure>,
    /// Why it is not known where the stream ends.
    pub end_failure: Option<String>,
    /// How long the handler has been busy with what it has in hand; `None` if it has nothing.
    pub handling_for: Option<Duration>,
    /// How long ago the position moved last.
    pub since_progress: Duration,
    /// How long ago the consumer's loop came round last.
    pub since_heartbeat: Duration,
}

impl Status {
    /// Whether it has come to the end of the stream, with or without events parked.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        matches!(self.state, ConsumerState::Live | ConsumerState::Parked)
    }
}
