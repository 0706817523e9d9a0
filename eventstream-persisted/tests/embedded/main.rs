//! The embedded store, beyond what the conformance suite says of its streams.

mod append;
mod damage;
mod open;
mod processes;
mod read;
mod suite;
mod support;
mod truncate;
