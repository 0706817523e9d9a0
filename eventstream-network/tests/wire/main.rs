//! What is on the wire, as somebody sees it who does not use our client: the codes and the details of
//! every protocol.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod appends;
mod grpc;
mod ours;
mod protocol_a;
mod protocol_b;
mod raw;
mod services;
