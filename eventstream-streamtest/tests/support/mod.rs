//! A stream that is small and obviously right, to try the suite on, and the same with faults.

// Each test binary uses a part of it; and nothing here has an error that could be handled.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::time::Duration;

use eventstream_streamtest::Timing;

pub mod faulty;
pub mod free;
pub mod log;
pub mod reference;
pub mod remote;

/// In memory, what comes at all comes at once.
pub fn quick() -> Timing {
    Timing::default().quiet(Duration::from_millis(5))
}
