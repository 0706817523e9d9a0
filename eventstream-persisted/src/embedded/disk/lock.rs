use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

/// A lock that one process holds at a time: that of a file of its own, which is never replaced.
///
/// Whoever waits for it sleeps until it is free: nothing asks again and again.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The file, while nobody has the lock here.
    file: Option<File>,
    /// Wakes the one who waits.
    waiter: Option<mpsc::Sender<Woken>>,
    closed: bool,
}

enum Woken {
    Locked(io::Result<File>),
    Closed,
}

/// The lock is held, until this is dropped.
#[derive(Debug)]
pub(crate) struct Locked<'a> {
    lock: &'a Lock,
    file: Option<File>,
}

impl Lock {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock if it is free.
    pub(crate) fn try_acquire(&self) -> io::Result<Option<Locked<'_>>> {
        let file = match self.state().file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Locked { lock: self, file: Some(file) })),
            Err(TryLockError::WouldBlock) => {
                self.state().file = Some(file);
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
        let (sender, woken) = mpsc::channel();
        {
            let mut state = self.state();
            if state.closed {
                return Ok(None);
            }
            state.waiter = Some(sender.clone());
        }
        // A file of its own: if nobody waits any more when it is locked, it is closed, and free.
        let file = self.open()?;
        thread::Builder::new().name("eventstream-lock".to_owned()).spawn(move || {
            let locked = file.lock().map(|()| file);
            let _ = sender.send(Woken::Locked(locked));
        })?;
        let woken = woken.recv_timeout(patience);
        self.state().waiter = None;
        match woken {
            Ok(Woken::Locked(file)) => Ok(Some(Locked { lock: self, file: Some(file?) })),
            Ok(Woken::Closed) | Err(_) => Ok(None),
        }
    }

    /// Has nobody wait for it any more.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Some(waiter) = state.waiter.take() {
            let _ = waiter.send(Woken::Closed);
        }
    }

    fn open(&self) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).open(&self.path)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Kept, so that it need not be opened again. One that can't be unlocked is closed, which
        // does the same.
        if let Some(file) = self.file.take()
            && file.unlock().is_ok()
        {
            self.lock.state().file = Some(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        assert!(other.acquire(Duration::from_millis(1)).unwrap().is_none());
        drop(held);
        // The thread that had been waiting may have it for a moment.
        let held = other.acquire(LONG).unwrap().unwrap();
        assert!(one.try_acquire().unwrap().is_none());
        drop(held);
        assert!(one.acquire(LONG).unwrap().is_some());
    }

    #[test]
    fn who_waits_is_woken() {
        let (_directory, one, other) = two();
        let held = one.try_acquire().unwrap().unwrap();
        let waiting = thread::spawn(move || other.acquire(LONG).unwrap().is_some());
        drop(held);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn who_waits_for_one_that_is_closed_is_woken() {
        let (_directory, one, other) = two();
        let _held = one.try_acquire().unwrap().unwrap();
        let waiting = {
            let other = other.clone();
            thread::spawn(move || other.acquire(LONG).unwrap().is_some())
        };
        other.close();
        assert!(!waiting.join().unwrap());
    }
}
