//! The handlers that keep checkpoints, over effects that do as they are told, on a paused clock.

// Rules that are shared by tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod checkpoints;
mod concurrency;
mod conflicts;
mod consumer;
mod dropped;
mod failures;
mod incarnations;
mod model;
mod offsets;
mod remembered;
mod suite;
mod support;
