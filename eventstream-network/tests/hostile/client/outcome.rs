use std::error::Error as _;

use eventstream_core::Error;
use eventstream_network::NetworkError;

/// What becomes of a call, as the client's caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is not as the protocol has it, and will not be the next time.
    Protocol,
    /// An envelope is none.
    InvalidEnvelope,
    /// The server says no, with this code.
    Refused(i32),
    /// It may go better the next time.
    Lost,
    Timeout,
    Connect,
    Truncated,
    /// Of an append: it may be stored.
    Unknown,
}

impl Outcome {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::InvalidEnvelope { .. } => return Self::InvalidEnvelope,
            Error::Truncated { .. } => return Self::Truncated,
            _ => {}
        }
        let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
        let (outcome, retryable) = match source.unwrap_or_else(|| panic!("{error:?}")) {
            NetworkError::Protocol { .. } => (Self::Protocol, false),
            NetworkError::Lost { .. } => (Self::Lost, true),
            NetworkError::Timeout { .. } => (Self::Timeout, true),
            NetworkError::Connect { .. } => (Self::Connect, true),
            NetworkError::Refused { code, .. } => {
                (Self::Refused(*code), matches!(code, 1 | 4 | 10 | 14))
            }
            NetworkError::OutcomeUnknown(_) => (Self::Unknown, error.is_retryable()),
            other => panic!("{other:?}"),
        };
        assert_eq!(error.is_retryable(), retryable, "{error:?}");
        outcome
    }
}
