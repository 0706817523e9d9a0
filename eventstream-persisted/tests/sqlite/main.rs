//! Consumers in a SQLite database: real files, real streams, real processes.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod checkpoints;
mod child;
mod consumers;
mod consuming;
mod dropped;
mod filtered;
mod hostile;
mod incarnations;
mod killed;
mod locked;
mod offsets;
mod opening;
mod parked;
mod parked_by_replicas;
mod projection;
mod replicas;
mod suite;
mod support;
mod tx;
