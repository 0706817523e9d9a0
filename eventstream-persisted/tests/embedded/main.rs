//! The embedded store, beyond what the conformance suite says of its streams.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod append;
mod beside;
mod care;
mod damage;
mod garbage;
mod golden;
mod open;
mod processes;
mod read;
mod retention;
mod store_suite;
mod suite;
mod support;
mod truncate;
