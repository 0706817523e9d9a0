//! The primitives that the log is built on: the standard library's, or loom's, which tries every
//! order in which threads can meet.
//!
//! (The flag is not called `loom`, because tokio listens to that name too.)

use std::ops::Deref;

#[cfg(eventstream_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};
#[cfg(not(eventstream_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

/// Takes a lock. Whoever panicked under it published nothing of what it was doing: nobody else has
/// to fail for it.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A value in cache lines of its own (processors fetch them in pairs), so that whoever reads it
/// does not wait for those who write what stands beside it.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
