/// The consumer has stopped: it handles no more events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the consumer has stopped")]
pub struct ConsumerStopped;
