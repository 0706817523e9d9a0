//! The embedded store, beyond what the conformance suite says of its streams.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod append;
mod care;
mod damage;
mod golden;
mod open;
mod processes;
mod read;
mod retention;
mod store_suite;
mod suite;
mod support;
mod truncate;
