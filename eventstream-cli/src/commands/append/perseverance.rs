use std::time::Duration;

use eventstream_core::{Error, Result};
use tokio::time::{self, Instant};

const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// How long a call is tried again that may well succeed later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Perseverance {
    tries: u32,
    time: Duration,
}

impl Perseverance {
    /// With a store: what has waited for so long, for another program's lock, is not tried again.
    pub(crate) const STORE: Self = Self { tries: 6, time: Duration::from_secs(5) };

    /// With a server, which may be starting again.
    pub(crate) const SERVER: Self = Self { tries: u32::MAX, time: Duration::from_secs(15) };

    /// Calls, and again after a failure that may pass.
    pub(crate) async fn call<T>(self, call: impl AsyncFn() -> Result<T>) -> Result<T> {
        let begin = Instant::now();
        let mut tries = 0;
        let mut delay = FIRST_DELAY;
        let mut first = None;
        loop {
            match call().await {
                Err(error)
                    if error.is_retryable()
                        && tries < self.tries
                        && begin.elapsed() < self.time =>
                {
                    first.get_or_insert(error);
                    time::sleep(delay).await;
                    delay = LONGEST_DELAY.min(delay * 2);
                    tries += 1;
                }
                // The first failure is the cause: what follows may say no more than that the store
                // has stopped.
                Err(error @ Error::Backend { .. }) => return Err(first.unwrap_or(error)),
                result => return result,
            }
        }
    }
}
