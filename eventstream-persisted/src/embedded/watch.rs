//! Knowing what was committed, by this process or another one, without asking the database for it
//! every time.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::watch;

use super::{
    error::{EmbeddedStoreError, Failure},
    files::Files,
    schema::Head,
};

/// How often the database is asked whether another process has committed something, while anyone
/// waits for it: a look at shared memory, some microseconds.
const INTERVAL: Duration = Duration::from_millis(10);

/// After so many looks in a row that fail, those who wait are told.
const PATIENCE: u32 = 3;

/// The next offset, as far as this process knows.
#[derive(Debug)]
pub(super) struct Watch {
    known: watch::Sender<Known>,
    sleepers: Mutex<Sleepers>,
    /// Somebody begins to wait, or the store is closed.
    changed: Condvar,
}

#[derive(Debug)]
struct Known {
    next: u64,
    /// How often looking has failed for good, and why it did the last time.
    failures: u64,
    error: Option<EmbeddedStoreError>,
}

#[derive(Debug, Default)]
struct Sleepers {
    count: usize,
    closed: bool,
}

impl Watch {
    pub(super) fn new(next: u64) -> Self {
        let known = watch::Sender::new(Known { next, failures: 0, error: None });
        Self { known, sleepers: Mutex::default(), changed: Condvar::new() }
    }

    /// Notes what was committed, and wakes those who wait.
    pub(super) fn committed(&self, next: u64) {
        self.known.send_if_modified(|known| {
            let more = next > known.next;
            known.next = next.max(known.next);
            more
        });
    }

    /// Waits for the next offset to pass `offset`. An error if it can't be found out.
    pub(super) async fn wait_for(&self, offset: u64) -> Result<u64, EmbeddedStoreError> {
        let mut known = self.known.subscribe();
        let failures = {
            let known = known.borrow();
            if known.next > offset {
                return Ok(known.next);
            }
            known.failures
        };
        let _sleeping = Sleeping::begin(self);
        let changed = known
            .wait_for(|known| known.next > offset || known.failures > failures)
            .await
            // The sender is a part of `self`.
            .map_err(|_| EmbeddedStoreError::Stopped)?;
        match &changed.error {
            Some(error) if changed.next <= offset => Err(error.clone()),
            _ => Ok(changed.next),
        }
    }

    /// Starts the thread that looks for what other processes commit.
    pub(super) fn start(self: &Arc<Self>, files: Arc<Files>) -> std::io::Result<Watching> {
        let watch = self.clone();
        let look = move || {
            let mut observer = None;
            let mut failed = 0_u32;
            while watch.until_someone_waits() {
                match watch.look(&files, &mut observer) {
                    Ok(()) => failed = 0,
                    Err(failure) => {
                        observer = None;
                        failed += 1;
                        if failed.is_multiple_of(PATIENCE) {
                            watch.failed(files.database.name(failure));
                        }
                    }
                }
                watch.pause();
            }
        };
        let thread = thread::Builder::new().name("eventstream-watch".to_owned()).spawn(look)?;
        Ok(Watching { watch: self.clone(), thread: Some(thread) })
    }

    fn failed(&self, error: EmbeddedStoreError) {
        self.known.send_modify(|known| {
            known.failures += 1;
            known.error = Some(error);
        });
    }

    /// False: the store is closed.
    fn until_someone_waits(&self) -> bool {
        let sleepers = self
            .changed
            .wait_while(self.sleepers(), |sleepers| sleepers.count == 0 && !sleepers.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !sleepers.closed
    }

    fn pause(&self) {
        let paused =
            self.changed.wait_timeout_while(self.sleepers(), INTERVAL, |sleepers| !sleepers.closed);
        drop(paused);
    }

    fn look(&self, files: &Files, observer: &mut Option<Observer>) -> Result<(), Failure> {
        files.check_in_place()?;
        let observer = match observer {
            Some(observer) => observer,
            None => observer
                .insert(Observer { connection: files.database.connect_reader()?, version: None }),
        };
        // It changes when another connection has committed something.
        let version = observer
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if observer.version != Some(version) {
            let head = Head::read(&observer.connection)?;
            observer.version = Some(version);
            self.committed(files.charter.absolute(head.next));
        }
        Ok(())
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread, until it is dropped.
pub(super) struct Watching {
    watch: Arc<Watch>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.watch.sleepers().closed = true;
        self.watch.changed.notify_all();
        // So that the files are closed when the store is gone; a panic has been reported.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Observer {
    connection: Connection,
    version: Option<i64>,
}

/// Somebody waits, until it is dropped.
struct Sleeping<'a>(&'a Watch);

impl<'a> Sleeping<'a> {
    fn begin(watch: &'a Watch) -> Self {
        let mut sleepers = watch.sleepers();
        sleepers.count += 1;
        if sleepers.count == 1 {
            watch.changed.notify_all();
        }
        drop(sleepers);
        Self(watch)
    }
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        self.0.sleepers().count -= 1;
    }
}
