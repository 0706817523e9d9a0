//! The thread that tidies up.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use super::Tidying;
use crate::embedded::{
    disk::Lock,
    error::{EmbeddedStoreError, Result},
};

/// How long somebody who has asked for it waits for another process that is at it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tidied {
    /// Logs that were sealed.
    pub(crate) sealed: usize,
    /// Runs of ids that were merged.
    pub(crate) merged: usize,
    /// Files that were removed, because what they had is truncated.
    pub(crate) removed: usize,
}

impl Tidied {
    fn is_something(&self) -> bool {
        self.sealed + self.merged + self.removed > 0
    }
}

/// Somebody waits for it.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whether all indexes are to be looked through.
    thorough: bool,
    reply: oneshot::Sender<Result<Tidied>>,
}

/// Asks the thread for its work.
#[derive(Clone, Debug)]
pub(crate) struct Asks {
    requests: mpsc::Sender<Option<Asked>>,
    /// Something was asked for that has not begun.
    pending: Arc<AtomicBool>,
    /// The store is being closed.
    stopped: Arc<AtomicBool>,
}

/// What was asked for: `None` by nobody who waits.
pub(crate) type Queue = mpsc::Receiver<Option<Asked>>;

impl Asks {
    pub(crate) fn new() -> (Self, Queue) {
        let (requests, queue) = mpsc::channel();
        (Self { requests, pending: Arc::default(), stopped: Arc::default() }, queue)
    }

    /// Has it done some time soon, and waits for nothing.
    pub(crate) fn ask(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // Nobody is there any more when the store is being closed.
            let _ = self.requests.send(None);
        }
    }
}

/// The thread that tidies up. When this is dropped, it finishes the turn that it is at.
#[derive(Debug)]
pub(crate) struct Tidier {
    asks: Option<Asks>,
    thread: Option<thread::JoinHandle<()>>,
    lock: Arc<Lock>,
}

impl Tidier {
    /// Starts the thread. `retain` is called first, at least as often as `interval` says, and says
    /// whether it has truncated something; `tidied` when files have taken the place of others.
    pub(crate) fn start(
        tidying: Tidying,
        lock: Arc<Lock>,
        (asks, queue): (Asks, Queue),
        interval: Option<Duration>,
        retain: impl Fn() -> Result<bool> + Send + 'static,
        tidied: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (held, pending) = (lock.clone(), asks.pending.clone());
        let stopped = asks.stopped.clone();
        let next = move || match interval {
            None => queue.recv().ok(),
            Some(interval) => match queue.recv_timeout(interval) {
                Ok(asked) => Some(asked),
                Err(mpsc::RecvTimeoutError::Timeout) => Some(None),
                Err(mpsc::RecvTimeoutError::Disconnected) => None,
            },
        };
        let run = move || {
            while let Some(asked) = next() {
                if stopped.load(Ordering::Acquire) {
                    break;
                }
                pending.swap(false, Ordering::AcqRel);
                let patience = if asked.is_some() { PATIENCE } else { Duration::ZERO };
                let thorough = asked.as_ref().is_some_and(|asked| asked.thorough);
                let result = loop {
                    let retained = retain();
                    let result = one_turn(&tidying, &held, patience, thorough);
                    let result = result.and_then(|tidied| retained.map(|_| tidied));
                    if result.as_ref().is_ok_and(Tidied::is_something) {
                        tidied();
                        // Sealed events take less room. What is left may still be too much.
                        if matches!(retain(), Ok(true)) {
                            continue;
                        }
                    }
                    break result;
                };
                match (asked, result) {
                    // Whoever asked may be gone.
                    (Some(asked), result) => drop(asked.reply.send(result)),
                    (None, Ok(_)) => {}
                    // It is tried again after the next log. Until then nothing is lost but time and
                    // room.
                    (None, Err(error)) => tracing::warn!(
                        store = %tidying.files.directory().display(),
                        error = &error as &dyn std::error::Error,
                        "can't tidy up"
                    ),
                }
            }
        };
        let thread = thread::Builder::new().name("eventstream-tidy".to_owned()).spawn(run)?;
        Ok(Self { asks: Some(asks), thread: Some(thread), lock })
    }

    /// Has it done, and waits until it is.
    pub(crate) async fn run(&self, thorough: bool) -> Result<Tidied> {
        let asks = self.asks.as_ref().ok_or(EmbeddedStoreError::Stopped)?;
        let (reply, answer) = oneshot::channel();
        let asked = Asked { thorough, reply };
        asks.requests.send(Some(asked)).map_err(|_| EmbeddedStoreError::Stopped)?;
        answer.await.map_err(|_| EmbeddedStoreError::Stopped)?
    }
}

fn one_turn(tidying: &Tidying, lock: &Lock, patience: Duration, thorough: bool) -> Result<Tidied> {
    if !patience.is_zero() {
        let _held = lock.hold(patience)?;
        return tidying.run(thorough);
    }
    let held = lock.try_acquire();
    match held.map_err(|error| EmbeddedStoreError::file("lock", lock.path().to_owned(), error))? {
        Some(_held) => tidying.run(thorough),
        // Another process is at it.
        None => Ok(Tidied::default()),
    }
}

impl Drop for Tidier {
    fn drop(&mut self) {
        if let Some(asks) = self.asks.take() {
            asks.stopped.store(true, Ordering::Release);
        }
        self.lock.close();
        // So that the files are closed when the store is gone; a panic in it has been reported.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
