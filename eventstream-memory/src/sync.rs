//! The primitives that the log is built on: the standard library's, or loom's, which tries every
//! order in which threads can meet.
//!
//! (The flag is not called `loom`, because tokio listens to that name too.)

#[cfg(eventstream_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, Ordering},
};
#[cfg(not(eventstream_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, Ordering},
};
