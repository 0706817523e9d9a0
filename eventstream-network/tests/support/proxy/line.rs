use std::{ops::Range, time::Duration};

/// How one direction of a connection is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// How long everything takes at least; it keeps its order.
    pub(crate) delay: Duration,
    /// How much longer it takes at most.
    pub(crate) jitter: Duration,
    pub(crate) bytes_per_second: Option<u32>,
    /// After so many bytes, drawn for each connection, the connection is reset.
    pub(crate) torn_after: Option<Range<u64>>,
}

/// How both directions of a connection are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) requests: Line,
    pub(crate) responses: Line,
}
