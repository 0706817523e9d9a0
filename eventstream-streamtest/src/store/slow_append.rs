use std::{
    fmt,
    future::{Future, IntoFuture},
    ops::Range,
    pin::Pin,
};

use eventstream_core::Result;

/// An append that is under way, and is not committed before somebody waits for its end: made by
/// [`StoreEnv::begin_slow_append`](crate::StoreEnv::begin_slow_append).
pub struct SlowAppend(Pin<Box<dyn Future<Output = Result<Range<u64>>> + Send>>);

impl SlowAppend {
    /// Of the future that commits it, and returns the offsets that its events have.
    pub fn new(commit: impl Future<Output = Result<Range<u64>>> + Send + 'static) -> Self {
        Self(Box::pin(commit))
    }
}

impl IntoFuture for SlowAppend {
    type Output = Result<Range<u64>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Range<u64>>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0
    }
}

impl fmt::Debug for SlowAppend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowAppend").finish_non_exhaustive()
    }
}
