use std::sync::Arc;

use eventstream_core::{BoxError, Error, Identity};

use super::api;
use crate::Finding;

/// What can be wrong with a [`JetStreamStore`](crate::JetStreamStore): the source of the
/// [`Error::Backend`] that it returns.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JetStreamError {
    /// The URL of a store can't be read.
    #[error("{url} is not the URL of a store, which looks like nats://host:4222/NAME: {problem}")]
    InvalidUrl {
        /// What was given, without its password.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A stream can't have this name.
    #[error(
        "`{name}` can't be the name of a stream: it has 1 to 200 letters, digits, `-` or `_` of ASCII"
    )]
    InvalidName {
        /// What was given.
        name: String,
    },
    /// What the builder was told does not go together.
    #[error("{problem}")]
    InvalidOption {
        /// What is wrong, and what is right.
        problem: &'static str,
    },
    /// No connection could be made.
    #[error("can't connect to {servers}")]
    Connect {
        /// The servers that were tried.
        servers: String,
        /// Why it failed.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The server has no JetStream, or the account has not.
    #[error(
        "JetStream is not enabled for this account on {servers}: start the server with `-js`, or with a \
         `jetstream` block in its configuration"
    )]
    NotEnabled {
        /// The servers.
        servers: String,
    },
    /// There is no such stream.
    #[error("there is no stream {stream}: check the name, or create the store")]
    NotFound {
        /// The stream's name.
        stream: String,
    },
    /// The stream is not a store of events.
    #[error("stream {stream} is not a store of events: {problem}")]
    NotAStore {
        /// The stream's name.
        stream: String,
        /// What speaks against it.
        problem: String,
    },
    /// The store has a format that this version does not know.
    #[error("stream {stream} has format {found}, and this version knows format {supported} only")]
    OtherFormat {
        /// The stream's name.
        stream: String,
        /// Its format.
        found: u32,
        /// The format that this version knows.
        supported: u32,
    },
    /// The store keeps another application's events.
    #[error("stream {stream} keeps the events of {found}, not of {wanted}")]
    OtherApplication {
        /// The stream's name.
        stream: String,
        /// Whose events it keeps.
        found: Identity,
        /// Whose events were asked for.
        wanted: Identity,
    },
    /// The stream can't keep what a store promises.
    #[error("stream {stream} can't be used as a store: {finding}")]
    Unfit {
        /// The stream's name.
        stream: String,
        /// What stands in the way.
        finding: Finding,
    },
    /// The stream was deleted and made anew, or is another one now, while the store was open. If an
    /// append says so, its events may be in the new one.
    #[error("stream {stream} was replaced by another one while the store was open: open it again")]
    Replaced {
        /// The stream's name.
        stream: String,
    },
    /// The server has come back without events that it had, while the store was open: what was read or
    /// appended last is gone, and there may be other events at these offsets. If an append says so, its
    /// events may be stored.
    #[error(
        "stream {stream} has lost events that it had, up to offset {offset}: see the server's \
         `sync_interval`. Open the store again; whoever has read the lost ones, or goes by their \
         offsets, has to look at what is there now"
    )]
    Lost {
        /// The stream's name.
        stream: String,
        /// The last event that is known to have been there.
        offset: u64,
    },
    /// The user of this connection may not do something.
    #[error("the user of this connection may not {action}: {problem}; give it that right")]
    NotPermitted {
        /// What was to be done.
        action: &'static str,
        /// What the server says.
        problem: String,
    },
    /// Events were removed out of the middle of the stream.
    #[error(
        "the events at offsets {first} to {last} were deleted from stream {stream}: whoever reads it \
         can only begin behind them"
    )]
    Deleted {
        /// The stream's name.
        stream: String,
        /// The first offset that is missing.
        first: u64,
        /// The last offset that is missing, of those that follow each other.
        last: u64,
    },
    /// A message in the stream is not an event.
    #[error("the message at offset {offset} of stream {stream} is not an event of the store")]
    Damaged {
        /// The stream's name.
        stream: String,
        /// Where it is.
        offset: u64,
        /// What is wrong with it.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The server can't store several events as one, or the stream does not allow it.
    #[error(
        "{server} can't store {events} events as one: that takes a server of version 2.12 or later, and \
         a stream that allows it. Append them one by one; or upgrade the server, and open a store that \
         is older than it as one that is to be created"
    )]
    BatchesNotSupported {
        /// The server's version.
        server: String,
        /// How many were appended together.
        events: usize,
    },
    /// An append has more events than the server stores as one.
    #[error(
        "an append of {events} events is too large: the server stores {max} as one; append less at a time"
    )]
    TooManyEvents {
        /// How many were appended together.
        events: usize,
        /// How many it can be.
        max: usize,
    },
    /// Whether events were stored is not known.
    #[error(
        "whether the events were stored is not known: no answer came within {seconds} seconds. Append \
         the same ones again, which stores them once"
    )]
    OutcomeUnknown {
        /// How long it was tried.
        seconds: u64,
        /// What the last attempt ended with.
        #[source]
        source: Arc<JetStreamError>,
    },
    /// The store does not append any more, because the runtime that it was opened on has ended.
    #[error(
        "the store has stopped, with the runtime that it was opened on: open it again, and append the \
         same events again, which stores them once"
    )]
    Stopped,
    /// The server refused a request.
    #[error("the server refused to {action}: {description} (code {code})")]
    Refused {
        /// What was to be done.
        action: &'static str,
        /// Of what kind it is, as a status of HTTP.
        status: u16,
        /// The server's code for it.
        code: u64,
        /// What the server says.
        description: String,
    },
    /// Nobody listens to a request: the servers that would are down, or the stream is not there.
    #[error("nobody listens when a server is asked to {action}")]
    Unheard {
        /// What was to be done.
        action: &'static str,
    },
    /// The server did not answer.
    #[error("the server did not answer when it was asked to {action}: {problem}")]
    NoAnswer {
        /// What was to be done.
        action: &'static str,
        /// What came instead.
        problem: String,
    },
    /// The server's answer makes no sense.
    #[error("the server's answer could not be understood when it was asked to {action}: {problem}")]
    BadAnswer {
        /// What was to be done.
        action: &'static str,
        /// What is wrong with the answer.
        problem: String,
    },
}

impl JetStreamError {
    pub(super) fn damaged(stream: &str, offset: u64, source: impl Into<BoxError>) -> Self {
        Self::Damaged { stream: stream.to_owned(), offset, source: Arc::from(source.into()) }
    }

    /// The stream was there when it was opened: where it is not found, it was replaced.
    pub(super) fn or_replaced(self) -> Self {
        match self {
            Self::NotFound { stream } => Self::Replaced { stream },
            error => error,
        }
    }

    /// Whether the stream is not what it was: where an append ends so, nobody knows what is stored.
    pub(super) fn is_of_another_stream(&self) -> bool {
        matches!(self, Self::Replaced { .. } | Self::Lost { .. })
    }

    /// Whether the cause may go away: a server that is down, or has no leader.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Unheard { .. }
            | Self::NoAnswer { .. }
            | Self::OutcomeUnknown { .. } => true,
            Self::Refused { status, code, .. } => is_temporary(*status, *code),
            _ => false,
        }
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable = self.is_retryable();
        Error::backend(operation, retryable, self)
    }
}

/// Whether what the server refuses may go well later.
fn is_temporary(status: u16, code: u64) -> bool {
    match code {
        // A batch that arrived in part, as the connection was lost on the way.
        api::INCOMPLETE_BATCH => true,
        // There is none that could change it.
        api::NOT_CLUSTERED | api::UNSUPPORTED_IN_CLUSTER => false,
        _ => status == 503 || status == 429,
    }
}

/// A result of the store's own steps.
pub(super) type Result<T, E = JetStreamError> = std::result::Result<T, E>;
