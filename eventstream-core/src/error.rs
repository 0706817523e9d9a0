use std::borrow::Cow;

use crate::EventTypes;

/// An error of any kind, as implementations hand it to [`Error::Backend`] and
/// [`HandlerError`](crate::HandlerError).
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a stream, a cursor or a store could not do what it was asked for.
///
/// The text says what is wrong, but never repeats what [`source`](std::error::Error::source)
/// returns: [`Report`](crate::Report) has all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cursor was closed, before or during the call.
    #[error("the cursor is closed")]
    CursorClosed,

    /// The event at `requested` is gone: the stream now begins at `oldest`.
    #[error("offset {requested} is truncated: the oldest event still there has offset {oldest}")]
    Truncated {
        /// The offset that was asked for, or that the cursor had come to.
        requested: u64,
        /// The oldest offset that can still be read.
        oldest: u64,
    },

    /// A cursor was to be opened for an empty set of event types.
    #[error("no event type is asked for: name at least one, or EventTypes::any() for all")]
    NoEventTypes,

    /// The stream does not carry some of the event types that were named.
    #[error("the stream does not carry these event types: {types}")]
    UnsupportedEventTypes {
        /// Those types that the stream does not declare.
        types: EventTypes,
    },

    /// An envelope breaks a rule.
    #[error("invalid envelope: {field} {problem}")]
    InvalidEnvelope {
        /// The field that breaks it, by its name on the wire.
        field: &'static str,
        /// What is wrong with the field.
        problem: Cow<'static, str>,
    },

    /// The stream's next offset is not the one that the append expects.
    #[error("the append expects the next offset to be {expected}, but it is {actual}")]
    OffsetConflict {
        /// What the caller expected the next offset to be.
        expected: u64,
        /// What it is.
        actual: u64,
    },

    /// A stream or a store was to be truncated past its end.
    #[error("can't truncate before offset {requested}: the next offset is only {next}")]
    PastTheEnd {
        /// The offset that was asked for.
        requested: u64,
        /// The offset that the next event will get.
        next: u64,
    },

    /// Some of the messages of an append are stored already, and not as one run in its order.
    #[error(
        "message {message_id} is stored already, at offset {offset}, and the append as a whole is \
         no repetition of an earlier one: nothing of it was stored"
    )]
    DuplicateMessage {
        /// The first message of the append that is stored already.
        message_id: String,
        /// Where it is stored.
        offset: u64,
    },

    /// A consumer has ended, as its [policy](crate::Poison::stop_after) says, at an event that its
    /// handler could not handle.
    #[error("the event at offset {offset} could not be handled, after {attempts} attempt(s)")]
    Poisoned {
        /// The offset of the event.
        offset: u64,
        /// How often it was tried.
        attempts: u32,
        /// Why it could not be handled the last time.
        #[source]
        source: BoxError,
    },

    /// What the implementation stands on has failed: a file, a database, a connection.
    #[error("{operation} failed")]
    Backend {
        /// What was being done, in a word or two.
        operation: &'static str,
        /// Whether the same call may well succeed later.
        retryable: bool,
        /// What went wrong.
        #[source]
        source: BoxError,
    },
}

impl Error {
    /// Whether the same call may well succeed later, with nothing else changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::Error;
    ///
    /// assert!(Error::backend("read", true, "connection reset").is_retryable());
    /// assert!(!Error::CursorClosed.is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Backend { retryable: true, .. })
    }

    /// An [`Error::Backend`].
    pub fn backend(operation: &'static str, retryable: bool, source: impl Into<BoxError>) -> Self {
        Self::Backend { operation, retryable, source: source.into() }
    }

    /// An [`Error::InvalidEnvelope`]: `field` is its name on the wire, and `problem` goes on
    /// with the sentence that begins with it.
    pub fn invalid(field: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidEnvelope { field, problem: problem.into() }
    }
}
