//! Handling events, and keeping the offset that it has come to.

mod apply;
mod by_reference;
mod checkpointed;
mod checkpoints;
// The trait is what the module is named after.
#[allow(clippy::module_inception)]
mod handler;
mod handler_error;
mod keeper;
mod ledger;
mod memory_checkpoints;
mod partitioned;

pub use apply::Apply;
pub use checkpointed::Checkpointed;
pub use checkpoints::{Checkpoint, Checkpoints};
pub use handler::Handler;
pub use handler_error::HandlerError;
pub use memory_checkpoints::MemoryCheckpoints;
pub use partitioned::Partitioned;
