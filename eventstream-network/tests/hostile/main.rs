//! Peers that mean no good: a table of what they try, with what answers it. The server is a process of
//! its own, whose memory is bounded, and after each row an honest client is served. And the other way
//! round: servers that mean no good to our client.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../security/certificates.rs"]
#[allow(dead_code)]
mod certificates;
#[path = "../wire/raw.rs"]
#[allow(dead_code)]
mod raw;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod child;
mod client;
mod frames;
mod honest;
mod hosting;
mod http2;
mod places;
mod row;
mod strangers;
mod streams;
mod tls;
