//! Who may do what, and who can read along: tokens, certificates, and what answers those that are wrong.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../wire/raw.rs"]
#[allow(dead_code)]
mod raw;
#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod client;
mod eventually;
mod listening;
mod mutual;
mod server_certificate;
mod suite;
mod system_roots;
mod token_file;
mod tokens;
mod wrong_port;
