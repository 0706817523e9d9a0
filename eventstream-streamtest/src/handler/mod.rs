//! The suite for handlers.

pub(crate) mod cases;
pub(crate) mod given;
pub(crate) mod outcome;
pub(crate) mod replica;
pub(crate) mod stage;
pub(crate) mod subject;

mod harness;
mod suite;
mod table;

pub use harness::{HandlerEnv, HandlerHarness};
pub use suite::{__test_handler, check_handler, handler_cases};
