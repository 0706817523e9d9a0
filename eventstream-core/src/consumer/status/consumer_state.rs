use std::fmt;

/// What a [`Consumer`](crate::Consumer) is doing.
///
/// ```text
/// Starting ──► CatchingUp ◄──► Live ◄──► Parked
///    ▲              │            │          │
///    │              └──────┬─────┴──────────┘
///    │                     ▼
///    ├───────────── BackingOff, Paused
///    └ from anywhere ──► Stopped
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsumerState {
    /// It asks the stream and the handler where to begin, and opens the stream. Before it is run,
    /// it is here, too.
    Starting,
    /// It reads, and has not come to the end of the stream, or has fallen behind it again.
    CatchingUp,
    /// It has come to the end of the stream, and handles what is appended.
    Live,
    /// Something failed: it waits before it starts again.
    BackingOff,
    /// It was [paused](crate::ConsumerHandle::pause).
    Paused,
    /// As [`Live`](Self::Live), but events are parked: somebody has to look at them.
    Parked,
    /// It has ended, and consumes no more.
    Stopped,
}

impl ConsumerState {
    /// The name, in lower case, with `_` between words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::CatchingUp => "catching_up",
            Self::Live => "live",
            Self::BackingOff => "backing_off",
            Self::Paused => "paused",
            Self::Parked => "parked",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for ConsumerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
