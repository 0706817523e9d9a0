//! Driving a handler with the events of a stream.

mod backoff;
mod bad_event;
mod builder;
mod exponential_backoff;
mod failure;
mod failure_count;
mod finish;
mod looks;
mod round;
mod run;
mod wait;

pub use backoff::Backoff;
pub use builder::Consumer;
pub use exponential_backoff::ExponentialBackoff;
pub use finish::Finish;
