//! What a consumer is doing, for those who want to know.

mod inner;
mod last_failure;
mod shared;
mod state;
// The type is what the module is named after.
#[allow(clippy::module_inception)]
mod status;
mod wants;

pub use last_failure::LastFailure;
pub(super) use shared::Shared;
pub use state::State;
pub use status::Status;
pub(super) use wants::Wants;
