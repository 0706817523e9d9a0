//! The server against a client that is not ours: a program in Python, with the stubs that grpcio-tools
//! makes of our `.proto` files.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod applications;
mod interpreter;
mod server;
