//! The conformance suites, over TCP: streams in memory and in the embedded store, by each protocol and
//! with each amount of prefetching, and the embedded store itself.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod store;
mod stream;
