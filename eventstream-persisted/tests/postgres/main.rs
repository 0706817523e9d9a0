//! The store in PostgreSQL, on real servers that the tests start.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod checks;
mod handler_suite;
mod hung;
mod lost;
mod opening;
mod pooler;
mod processes;
mod projection;
mod proxy;
mod server;
mod store_suite;
mod stream_suite;
mod support;
mod tls;
mod transactions;
