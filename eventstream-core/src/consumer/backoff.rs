use std::time::Duration;

/// How long a [`Consumer`](crate::Consumer) waits after a failure before it starts again.
///
/// Implemented for closures, and by [`ExponentialBackoff`](crate::ExponentialBackoff), the default.
///
/// # Contract
///
/// `delay` returns at once, and does not panic, whatever the number of failures.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use eventstream_core::Backoff;
///
/// // One second more for each failure, a minute at most.
/// let linear = |failures: u32| Duration::from_secs(failures.min(60).into());
///
/// assert_eq!(linear.delay(1), Duration::from_secs(1));
/// assert_eq!(linear.delay(u32::MAX), Duration::from_secs(60));
/// ```
pub trait Backoff: Send + Sync {
    /// How long to wait after so many failures in a row, the last one included: 1 or more.
    fn delay(&self, failures: u32) -> Duration;
}

impl<F: Fn(u32) -> Duration + Send + Sync> Backoff for F {
    fn delay(&self, failures: u32) -> Duration {
        self(failures)
    }
}
