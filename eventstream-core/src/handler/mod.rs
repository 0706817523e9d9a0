//! Handling events, and keeping the offset that it has come to.

mod apply;
mod checkpoints;
// The trait is what the module is named after.
#[allow(clippy::module_inception)]
mod handler;
mod handler_error;

pub use apply::Apply;
pub use checkpoints::{Checkpoint, Checkpoints};
pub use handler::Handler;
pub use handler_error::HandlerError;
