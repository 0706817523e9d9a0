/// What a [`Router`](crate::Router) does about an event that could not be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reaction {
    /// Goes on as if it had been handled; it is logged.
    Ignore,
    /// Says [`HandlerError::Retry`](crate::HandlerError::Retry): it may be possible later.
    Retry,
    /// Says [`HandlerError::Reject`](crate::HandlerError::Reject): it will never be possible.
    Reject,
}
