//! The consumer, over a stream and a handler that do as they are told, on a paused clock.

mod backoff;
mod batches;
mod begin;
mod cancel;
mod conflicts;
mod count;
mod events;
mod idle;
mod log;
mod pace;
mod ready;
mod restarts;
mod semaphore;
mod skip;
mod support;
mod types;
