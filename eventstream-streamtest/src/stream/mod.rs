//! The suite for streams.

pub(crate) mod call;
pub(crate) mod cases;
pub(crate) mod reader;
pub(crate) mod stage;

mod harness;
mod suite;
mod table;

pub use harness::{RETAINED_BYTES, RETAINED_EVENTS, StreamEnv, StreamHarness};
pub use suite::{__test_stream, check_stream, stream_cases};
