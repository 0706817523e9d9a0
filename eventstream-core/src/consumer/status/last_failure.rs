use std::time::Duration;

/// The failure that a [`Consumer`](crate::Consumer) had last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastFailure {
    /// What was being done.
    pub during: &'static str,
    /// What went wrong, with all its causes.
    pub error: String,
    /// How long ago that was.
    pub ago: Duration,
}
