use std::time::Duration;

use crate::Backoff;

/// A delay that doubles with each failure, with full jitter.
///
/// After `n` failures in a row it is anything between nothing and `base · 2ⁿ⁻¹`, but never more
/// than the cap; each value is as likely as the next. So consumers that failed together don't come
/// back together.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use eventstream_core::{Backoff, ExponentialBackoff};
///
/// let backoff = ExponentialBackoff::new()
///     .base(Duration::from_millis(10))
///     .cap(Duration::from_secs(5));
///
/// assert!(backoff.delay(1) <= Duration::from_millis(10));
/// assert!(backoff.delay(3) <= Duration::from_millis(40));
/// assert!(backoff.delay(1_000) <= Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExponentialBackoff {
    base: Duration,
    cap: Duration,
}

impl ExponentialBackoff {
    /// The default: a base of 100 milliseconds, and a cap of 60 seconds.
    #[must_use]
    pub const fn new() -> Self {
        Self { base: Duration::from_millis(100), cap: Duration::from_secs(60) }
    }

    /// The longest delay after the first failure.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventstream_core::{Backoff, ExponentialBackoff};
    ///
    /// let backoff = ExponentialBackoff::new().base(Duration::from_secs(1));
    /// assert!(backoff.delay(1) <= Duration::from_secs(1));
    /// ```
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The longest delay of all. A base that is larger counts as the cap.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventstream_core::{Backoff, ExponentialBackoff};
    ///
    /// let never = ExponentialBackoff::new().cap(Duration::ZERO);
    /// assert_eq!(never.delay(7), Duration::ZERO);
    /// ```
    #[must_use]
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// The longest delay after so many failures, in nanoseconds: 64 bits of them are 584 years.
    fn ceiling(&self, failures: u32) -> u64 {
        let base = saturating_nanos(self.base);
        // Past 63 doublings a single nanosecond is centuries.
        let doublings = failures.saturating_sub(1).min(63);
        let delay = u128::from(base) << doublings;
        u64::try_from(delay).unwrap_or(u64::MAX).min(saturating_nanos(self.cap))
    }
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Default for ExponentialBackoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff for ExponentialBackoff {
    fn delay(&self, failures: u32) -> Duration {
        Duration::from_nanos(fastrand::u64(..=self.ceiling(failures)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let backoff = ExponentialBackoff::new();
        let ceilings: Vec<u64> = (1..=12).map(|n| backoff.ceiling(n) / 1_000_000).collect();
        assert_eq!(
            ceilings,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000]
        );
    }

    #[test]
    fn extremes_do_not_overflow() {
        let widest = ExponentialBackoff::new().base(Duration::MAX).cap(Duration::MAX);
        let tiny = ExponentialBackoff::new().base(Duration::from_nanos(1));
        let nothing = ExponentialBackoff::new().base(Duration::ZERO);
        for failures in [0, 1, 2, 31, 32, 33, 63, 64, 65, 128, u32::MAX - 1, u32::MAX] {
            assert_eq!(widest.ceiling(failures), u64::MAX);
            widest.delay(failures);
            assert!(tiny.delay(failures) <= Duration::from_secs(60));
            assert_eq!(nothing.delay(failures), Duration::ZERO);
        }
        assert_eq!(tiny.ceiling(34), 1 << 33);
        assert_eq!(tiny.ceiling(u32::MAX), 60_000_000_000);
    }

    #[test]
    fn the_cap_wins_over_the_base() {
        let backoff =
            ExponentialBackoff::new().base(Duration::from_secs(9)).cap(Duration::from_secs(2));
        assert_eq!(backoff.ceiling(1), 2_000_000_000);
    }
}
