use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::is_read_only;
use crate::embedded::error::{EmbeddedStoreError, Result};

/// A lock that one process holds at a time: that of a file of its own, which is never replaced.
///
/// Whoever waits for it sleeps until it is free: nothing asks again and again.
#[derive(Debug)]
pub(crate) struct Lock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    /// Somebody is handed the lock, or nobody gets it any more.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The file, while nobody has the lock here.
    file: Option<File>,
    /// How many wait.
    waiting: usize,
    /// Somebody sleeps in the system's call for all who wait.
    is_sought: bool,
    /// The lock, on its way to one of those who wait.
    handed: Option<io::Result<File>>,
    closed: bool,
}

/// The lock is held, until this is dropped.
#[derive(Debug)]
pub(crate) struct Locked<'a> {
    lock: &'a Lock,
    file: Option<File>,
}

impl Lock {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Shared { path, state: Mutex::default(), changed: Condvar::new() }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Takes the lock if it is free.
    pub(crate) fn try_acquire(&self) -> io::Result<Option<Locked<'_>>> {
        let file = match self.0.state().file.take() {
            Some(file) => file,
            None => self.0.open()?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Locked { lock: self, file: Some(file) })),
            Err(TryLockError::WouldBlock) => {
                self.0.state().file = Some(file);
                Ok(None)
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits for the lock, for as long as `patience`; `None` if that was too short, or if it was
    /// closed meanwhile.
    pub(crate) fn acquire(&self, patience: Duration) -> io::Result<Option<Locked<'_>>> {
        if let Some(locked) = self.try_acquire()? {
            return Ok(Some(locked));
        }
        let shared = &self.0;
        let mut state = shared.state();
        if !state.is_sought && state.handed.is_none() {
            let seeking = shared.clone();
            let name = "eventstream-lock".to_owned();
            thread::Builder::new().name(name).spawn(move || seeking.seek())?;
            state.is_sought = true;
        }
        state.waiting += 1;
        let waits = |state: &mut State| state.handed.is_none() && !state.closed;
        let waited = shared.changed.wait_timeout_while(state, patience, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        match state.handed.take() {
            Some(file) => Ok(Some(Locked { lock: self, file: Some(file?) })),
            None => Ok(None),
        }
    }

    /// As [`acquire`](Self::acquire), where not to get it is an error.
    pub(crate) fn hold(&self, patience: Duration) -> Result<Locked<'_>> {
        let path = || self.path().to_owned();
        let locked = self.acquire(patience);
        let locked = locked.map_err(|error| EmbeddedStoreError::file("lock", path(), error))?;
        locked.ok_or_else(|| {
            if self.0.state().closed {
                EmbeddedStoreError::Stopped
            } else {
                EmbeddedStoreError::Locked { path: path(), patience }
            }
        })
    }

    /// As [`hold`](Self::hold), unless there is no file to be locked, and none can be made: then nobody
    /// is kept out who could not make one.
    pub(crate) fn hold_if_there(&self, patience: Duration) -> Result<Option<Locked<'_>>> {
        match self.hold(patience) {
            Err(EmbeddedStoreError::NotWritable { .. }) => Ok(None),
            held => held.map(Some),
        }
    }

    /// Has nobody wait for it any more.
    pub(crate) fn close(&self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// Sleeps until the lock is free, and hands it to somebody, if anybody is still waiting.
    fn seek(&self) {
        let file = self.open().and_then(|file| file.lock().map(|()| file));
        let mut state = self.state();
        state.is_sought = false;
        if state.waiting > 0 && !state.closed {
            state.handed = Some(file);
            self.changed.notify_all();
        }
        // Otherwise it is closed here, and free.
    }

    fn open(&self) -> io::Result<File> {
        let mut options = File::options();
        match options.read(true).write(true).create(true).truncate(false).open(&self.path) {
            // It can be locked all the same, by those who only read.
            Err(error) if is_read_only(&error) => File::open(&self.path).or(Err(error)),
            file => file,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        let shared = &self.lock.0;
        let mut state = shared.state();
        if state.waiting > 0 && !state.is_sought && !state.closed && state.handed.is_none() {
            // Others wait here, and nobody seeks it for them.
            state.handed = Some(Ok(file));
            shared.changed.notify_all();
        } else if file.unlock().is_ok() {
            // Kept, so that it need not be opened again. One that can't be unlocked is closed, which
            // does the same.
            state.file = Some(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn two() -> (tempfile::TempDir, Arc<Lock>, Arc<Lock>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (one, other) = (Lock::new(path.clone()), Lock::new(path));
        (directory, Arc::new(one), Arc::new(other))
    }

    #[test]
    fn one_has_it_at_a_time() {
        let (_directory, one, other) = two();
        let held = one.try_acquire().unwrap().unwrap();
        assert!(other.try_acquire().unwrap().is_none());
        for _ in 0..20 {
            assert!(other.acquire(Duration::from_millis(1)).unwrap().is_none());
        }
        drop(held);
        // The thread that had been waiting may have it for a moment.
        let held = other.acquire(LONG).unwrap().unwrap();
        assert!(one.try_acquire().unwrap().is_none());
        drop(held);
        assert!(one.acquire(LONG).unwrap().is_some());
    }

    #[test]
    fn who_waits_is_woken_and_all_get_it() {
        let (_directory, one, other) = two();
        let held = one.try_acquire().unwrap().unwrap();
        let waiting: Vec<_> = (0..8)
            .map(|n| if n % 2 == 0 { one.clone() } else { other.clone() })
            .map(|lock| thread::spawn(move || lock.acquire(LONG).unwrap().is_some()))
            .collect();
        drop(held);
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
        assert!(one.acquire(LONG).unwrap().is_some());
    }

    #[test]
    fn who_waits_for_one_that_is_closed_is_woken() {
        let (_directory, one, other) = two();
        let _held = one.try_acquire().unwrap().unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| other.clone())
            .map(|lock| thread::spawn(move || lock.acquire(LONG).unwrap().is_some()))
            .collect();
        other.close();
        assert!(!waiting.into_iter().any(|thread| thread.join().unwrap()));
        assert!(matches!(other.hold(LONG), Err(EmbeddedStoreError::Stopped)));
    }
}
