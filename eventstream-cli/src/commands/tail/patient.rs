use std::time::Duration;

use eventstream_core::{Backoff, ExponentialBackoff};

use crate::output::{note, plain};

/// Waits for a server that is gone, and says so once, each time.
pub(super) struct Patient {
    url: String,
    backoff: ExponentialBackoff,
}

impl Patient {
    pub(super) fn new(url: &str) -> Self {
        // Somebody may be looking.
        let backoff = ExponentialBackoff::new().cap(Duration::from_secs(2));
        Self { url: plain(url).into_owned(), backoff }
    }
}

impl Backoff for Patient {
    fn delay(&self, failures: u32) -> Duration {
        if failures == 1 {
            note(&format!(
                "The connection to {} is lost: going on as soon as it is there again.",
                self.url
            ));
        }
        self.backoff.delay(failures)
    }
}
