//! What a consumer is doing, for those who want to know.

mod consumer_state;
mod inner;
mod last_failure;
mod shared;
// The type is what the module is named after.
#[allow(clippy::module_inception)]
mod status;
mod wants;

pub use consumer_state::ConsumerState;
pub use last_failure::LastFailure;
pub(super) use shared::Shared;
pub use status::Status;
pub(super) use wants::Wants;
