//! Networks and servers that fail in every way, while events are read and appended.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../../../eventstream-cli/tests/cli/chance.rs"]
mod chance;

mod history;
mod process;
mod reading;
mod remote;

mod appends;
mod consumer;
mod drained;
mod dropped;
mod half_open;
mod killed;
mod lines;
mod loss;
mod partition;
mod replaced;
mod silent;
mod torn;
mod truncated;
