//! The server against a client that is not ours, and the client against a server that is not: programs
//! in Python, with the stubs that grpcio-tools makes of our `.proto` files.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod applications;
mod client;
mod interpreter;
mod python_server;
mod server;
