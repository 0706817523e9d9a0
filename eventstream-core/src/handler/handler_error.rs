use std::fmt;

use crate::BoxError;

/// Why a handler could not handle an event.
///
/// Any error becomes [`Retry`](Self::Retry) by `?`. For that to be possible this type is no
/// [`std::error::Error`] itself.
///
/// # Examples
///
/// ```
/// use eventstream_core::HandlerError;
///
/// fn amount(text: &str) -> Result<u32, HandlerError> {
///     Ok(text.parse::<u32>()?)
/// }
///
/// assert!(matches!(amount("many"), Err(HandlerError::Retry(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum HandlerError {
    /// The handler's offset is not the one that it was handed: another one, most likely a replica
    /// of this consumer, was faster. The consumer asks for the offset anew, at once.
    Conflict,
    /// The event could not be handled now.
    Retry(BoxError),
    /// The event can never be handled, however often it is tried.
    Reject(BoxError),
}

impl HandlerError {
    /// What went wrong, if it was not a conflict.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        match self {
            Self::Conflict => None,
            Self::Retry(source) | Self::Reject(source) => Some(source.as_ref()),
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict => "the handler's offset is not the one that was expected",
            Self::Retry(_) => "the event could not be handled",
            Self::Reject(_) => "the event can never be handled",
        })
    }
}

impl<E: Into<BoxError>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}
