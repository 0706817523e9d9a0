//! A stream, a store and a handler that are small and obviously right, to try the suites on, and
//! the same with faults.

// Each test binary uses a part of it; and nothing here has an error that could be handled.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::time::Duration;

use eventstream_streamtest::Timing;

pub mod faults;
pub mod faulty;
pub mod faulty_handler;
pub mod faulty_store;
pub mod free;
pub mod free_handler;
pub mod free_store;
pub mod handler;
pub mod log;
pub mod reference;
pub mod remote;
pub mod store;

/// In memory, what comes at all comes at once.
pub fn quick() -> Timing {
    Timing::default().quiet(Duration::from_millis(5))
}
