//! The consumer, over a stream and a handler that do as they are told, on a paused clock.

mod attention;
mod backoff;
mod batches;
mod begin;
mod cancel;
mod conflicts;
mod count;
mod events;
mod figures;
mod idle;
mod linger;
mod log;
mod pace;
mod pause;
mod poison;
mod ready;
mod restarts;
mod semaphore;
mod shelf;
mod skip;
mod start;
mod status;
mod support;
mod types;
mod unseen;
mod wait_for;
