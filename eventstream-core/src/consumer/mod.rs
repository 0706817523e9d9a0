//! Driving a handler with the events of a stream.

mod alarm;
mod attempts;
mod backoff;
mod bad_event;
mod conflicts;
// The type is what the module is named after.
#[allow(clippy::module_inception)]
mod consumer;
mod exponential_backoff;
mod failure;
mod failure_count;
mod finish;
mod handing_on;
mod handle;
mod looks;
mod monitor;
mod open;
mod options;
mod poisoned;
mod reading;
mod round;
mod run;
mod settings;
mod start;
mod start_at;
mod status;
mod stopped;
mod telemetry;
mod wait;

pub use backoff::Backoff;
pub use consumer::Consumer;
pub use exponential_backoff::ExponentialBackoff;
pub use finish::Finish;
pub use handle::ConsumerHandle;
pub use start_at::StartAt;
pub use status::{ConsumerState, LastFailure, Status};
pub use stopped::ConsumerStopped;
