//! Knowing what was committed, by this process or another one, without asking the files for it every
//! time.

#[cfg(target_os = "linux")]
mod inotify;
#[cfg(not(target_os = "linux"))]
mod interval;
mod observer;

#[cfg(target_os = "linux")]
pub(super) use inotify::Signal;
#[cfg(not(target_os = "linux"))]
pub(super) use interval::Signal;

pub(super) use observer::Watching;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;

use super::error::{EmbeddedStoreError, Result};

/// The next offset, as far as this process knows.
#[derive(Debug)]
pub(super) struct Watch {
    /// What is committed, also while those who wait for it are yet to be woken.
    next: AtomicU64,
    known: watch::Sender<Known>,
    /// How many wait for others.
    sleepers: Mutex<usize>,
    signal: Arc<Signal>,
}

#[derive(Debug)]
struct Known {
    next: u64,
    /// How often looking has failed for good, and why it did the last time.
    failures: u64,
    error: Option<EmbeddedStoreError>,
}

impl Watch {
    pub(super) fn new(next: u64, signal: Arc<Signal>) -> Self {
        let known = watch::Sender::new(Known { next, failures: 0, error: None });
        Self { next: AtomicU64::new(next), known, sleepers: Mutex::default(), signal }
    }

    /// Notes what was committed. Nobody is woken yet.
    pub(super) fn ends_at(&self, next: u64) {
        self.next.fetch_max(next, Ordering::AcqRel);
    }

    /// Notes what was committed, and wakes those who wait.
    pub(super) fn committed(&self, next: u64) {
        self.ends_at(next);
        self.known.send_if_modified(|known| {
            let more = next > known.next;
            known.next = next.max(known.next);
            more
        });
    }

    /// Waits for the next offset to pass `offset`. An error if it can't be found out.
    pub(super) async fn wait_for(&self, offset: u64) -> Result<u64> {
        let mut known = self.known.subscribe();
        let failures = known.borrow().failures;
        // After the subscription: who commits from now on wakes it.
        let next = self.next.load(Ordering::Acquire);
        if next > offset {
            return Ok(next);
        }
        let _sleeping = Sleeping::begin(self);
        let changed = known
            .wait_for(|known| known.next > offset || known.failures > failures)
            .await
            // The sender is a part of `self`.
            .map_err(|_| EmbeddedStoreError::Stopped)?;
        match &changed.error {
            Some(error) if changed.next <= offset => Err(error.clone()),
            _ => Ok(changed.next.max(self.next.load(Ordering::Acquire))),
        }
    }

    fn failed(&self, error: EmbeddedStoreError) {
        self.known.send_modify(|known| {
            known.failures += 1;
            known.error = Some(error);
        });
    }

    fn somebody_waits(&self) -> bool {
        *self.sleepers() > 0
    }

    fn sleepers(&self) -> MutexGuard<'_, usize> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits, until it is dropped.
struct Sleeping<'a>(&'a Watch);

impl<'a> Sleeping<'a> {
    fn begin(watch: &'a Watch) -> Self {
        let mut sleepers = watch.sleepers();
        *sleepers += 1;
        let is_first = *sleepers == 1;
        drop(sleepers);
        if is_first {
            watch.signal.wake();
        }
        Self(watch)
    }
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        *self.0.sleepers() -= 1;
    }
}
