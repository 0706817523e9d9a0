use super::failure_count::Origin;
use crate::{BoxError, Error, Finish, HandlerError};

/// Why a round has ended.
pub(super) enum Stop {
    /// For good.
    Finished(Finish),
    /// For good, and not well.
    Broken(Error),
    /// The handler is not where it was thought to be.
    Conflict,
    /// Somebody wants it to stand still.
    Paused,
    Failed(Failure),
}

/// What has failed, and why.
pub(super) struct Failure {
    pub(super) origin: Origin,
    /// What was being done.
    pub(super) during: &'static str,
    pub(super) error: BoxError,
    /// Whether the handler says that the event can never be handled.
    pub(super) rejected: bool,
}

impl Stop {
    pub(super) fn stream(during: &'static str, error: impl Into<BoxError>) -> Self {
        Self::Failed(Failure {
            origin: Origin::Stream,
            during,
            error: error.into(),
            rejected: false,
        })
    }

    pub(super) fn handler(during: &'static str, error: HandlerError) -> Self {
        let (error, rejected) = match error {
            HandlerError::Conflict => return Self::Conflict,
            HandlerError::Retry(error) => (error, false),
            HandlerError::Reject(error) => (error, true),
        };
        Self::Failed(Failure { origin: Origin::Handler, during, error, rejected })
    }
}
