use std::time::SystemTime;

/// Where a consumer begins with a stream that its handler has not begun yet: see
/// [`Consumer::start`](crate::Consumer::start).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartAt {
    /// At the oldest event that is still there.
    Oldest,
    /// At the end: with the next event that is appended.
    Now,
    /// At this offset. If it lies past the end, the consumer waits until the stream has come there.
    Offset(u64),
    /// At the first event that was recorded at this time or later; at the end if there is none.
    ///
    /// The times are those of the events, which need not be in order. So the stream is looked
    /// through from its oldest event on: once, before the first event is handled.
    Time(SystemTime),
}
