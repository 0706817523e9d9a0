//! Typed messages: marshalled, packed, and routed to functions.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../consumer/support/capture.rs"]
#[allow(dead_code)]
mod capture;
mod codecs;
mod errors;
#[cfg(any(feature = "json", feature = "cbor", feature = "protobuf"))]
mod formats;
mod media_types;
mod packer;
mod router;
mod support;
#[cfg(all(feature = "json", feature = "cbor", feature = "protobuf"))]
mod transcode;
