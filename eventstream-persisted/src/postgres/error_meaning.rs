//! What an error means for those who get it: whether to try again, and with what.

use eventstream_core::{BoxError, Error, HandlerError};
use tokio_postgres::error::SqlState;

use super::error::PostgresError;

/// States that say that the same may well go through later, of those that [`is_transient`] does not
/// know by their class.
const TRANSIENT: [SqlState; 4] = [
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::LOCK_NOT_AVAILABLE,
    SqlState::IO_ERROR,
];

impl PostgresError {
    /// Whether the cause may go away by itself.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Locked { .. }
            | Self::TimedOut { .. }
            | Self::OutcomeUnknown { .. } => true,
            Self::Failed { source, .. } => is_transient(source),
            _ => false,
        }
    }

    /// Whether the connection was lost, so that it is not known what has become of what was asked.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            // A session that the server ends may have committed just before.
            Self::Failed { source, .. } => match source.code() {
                Some(state) => ["08", "57P"].iter().any(|it| state.code().starts_with(it)),
                None => !was_kept_back(source),
            },
            Self::TimedOut { .. } => true,
            _ => false,
        }
    }

    /// Whether the same fails on this connection for as long as it is there, while it may go through on
    /// another one: the server does not answer on it, or it led to a replica when the servers changed
    /// places.
    pub(super) fn needs_other_connection(&self) -> bool {
        self.is_lost() || matches!(self, Self::ReadOnly { .. })
    }

    /// What the server says that went wrong.
    pub(super) fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Failed { source, .. } => source.code(),
            _ => None,
        }
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable = self.is_retryable();
        Error::backend(operation, retryable, self)
    }

    /// Of an event nothing is said by it: what is wrong with the database may well go away. Only
    /// where the consumer itself is not what it should be, it stays so until somebody does
    /// something.
    pub(super) fn into_handler_error(self) -> HandlerError {
        let source: BoxError = self.into();
        match source.downcast_ref() {
            Some(Self::OtherIncarnation { .. }) => HandlerError::Reject(source),
            _ => HandlerError::Retry(source),
        }
    }
}

/// Whether the driver has sent nothing, as it can't put the values into a message. It tells by its text
/// only.
fn was_kept_back(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    ["error serializing parameter", "error encoding message"].iter().any(|it| text.starts_with(it))
}

/// A lost connection, a server that starts, stops, or has no room.
fn is_transient(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else {
        return !was_kept_back(error);
    };
    // Connection, insufficient resources, operator intervention.
    ["08", "53", "57"].iter().any(|class| state.code().starts_with(class))
        || TRANSIENT.contains(state)
}
