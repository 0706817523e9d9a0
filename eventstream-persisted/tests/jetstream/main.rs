//! The store in NATS JetStream, against real servers that the tests start.
//!
//! `EVENTSTREAM_NATS_SERVER` is a `nats-server` of 2.12 or later, `EVENTSTREAM_OLD_NATS_SERVER` one
//! before that; `./test` has both.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod append;
mod checks;
mod cluster;
mod damaged;
mod killed;
mod lost;
mod open;
mod suite;
mod support;
