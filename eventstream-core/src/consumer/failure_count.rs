/// Whose failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Stream,
    Handler,
}

/// How often consuming has failed in a row.
///
/// A stream works again when an event has come from it, a handler only when it has handled one.
/// There is no flag to forget: the origin is that of the last failure, and has no meaning while
/// the count is zero.
#[derive(Debug)]
pub(super) struct FailureCount {
    count: u32,
    origin: Origin,
    /// The handler's offset when it failed with a batch, until it is asked for its offset again.
    failed_batch: Option<u64>,
}

impl FailureCount {
    pub(super) fn new() -> Self {
        Self { count: 0, origin: Origin::Stream, failed_batch: None }
    }

    /// Counts a failure; returns how many there are now.
    pub(super) fn failed(&mut self, origin: Origin) -> u32 {
        self.count = self.count.saturating_add(1);
        self.origin = origin;
        self.count
    }

    /// The handler was handed a batch at its offset, and failed.
    pub(super) fn batch_failed(&mut self, offset: u64) {
        self.failed_batch = Some(offset);
    }

    /// The handler says where it is.
    ///
    /// One that goes through a batch event by event may have handled some of them before it failed
    /// with another. Without this its delay would grow although it gets on.
    pub(super) fn resumed(&mut self, offset: u64) {
        if self.failed_batch.take().is_some_and(|start| offset > start) {
            self.count = 0;
        }
    }

    /// An event has come, and is what it should be.
    pub(super) fn arrived(&mut self) {
        if self.origin == Origin::Stream {
            self.count = 0;
        }
    }

    /// The handler has got on.
    pub(super) fn handled(&mut self) {
        self.count = 0;
    }
}
