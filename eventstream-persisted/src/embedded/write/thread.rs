//! The thread that appends, and commits all that is queued at once.

use std::{io, ops::Range, sync::Arc, thread, time::Duration};

use eventstream_core::{Expect, Result};
use tokio::sync::{mpsc, oneshot};

use super::{Core, core::Committed, rotation::Reuse};
use crate::{
    RecentEvents,
    embedded::{
        disk::Lock, error::EmbeddedStoreError, files::Files, in_place::InPlace, layout::Record,
        watch::Watch,
    },
};

/// Requests that wait for the thread; whoever comes then waits for room.
const QUEUE: usize = 1024;
/// A commit takes requests until it has so many bytes: more would keep the first one waiting.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;
/// How long another process that appends is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

type Reply<T> = oneshot::Sender<Result<T>>;

enum Request {
    Append(Append),
    /// Moves the oldest offset.
    Truncate {
        before: u64,
        reply: Reply<Range<u64>>,
    },
    /// Begins a new log.
    Rotate {
        reply: Reply<bool>,
    },
    /// Somebody has put other files in the place of some.
    Tidied,
}

/// An append as it was asked for.
struct Append {
    records: Vec<Record>,
    expect: Expect,
    reply: Reply<Range<u64>>,
}

/// What the thread has to do with.
pub(crate) struct Desk {
    pub(crate) files: Arc<Files>,
    pub(crate) in_place: InPlace,
    pub(crate) lock: Arc<Lock>,
    pub(crate) log_bytes: u64,
    pub(crate) watch: Arc<Watch>,
    pub(crate) recent: RecentEvents,
    /// Called after a commit: with the oldest offset, the next one, and whether there is a log to
    /// be sealed.
    pub(crate) committed: Box<dyn Fn(u64, u64, bool) + Send>,
}

/// The way to the thread. When it is dropped, the thread finishes what is queued, and ends.
pub(crate) struct Writer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<thread::JoinHandle<()>>,
    lock: Arc<Lock>,
}

impl Writer {
    /// Starts the thread. `core` is there if the store could be looked through under the lock.
    pub(crate) fn start(desk: Desk, core: Option<Core>) -> io::Result<Self> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let lock = desk.lock.clone();
        let mut thread = Thread { desk, core };
        let thread = thread::Builder::new()
            .name("eventstream-write".to_owned())
            .spawn(move || thread.run(queue))?;
        Ok(Self { requests: Some(requests), thread: Some(thread), lock })
    }

    pub(crate) async fn append(&self, records: Vec<Record>, expect: Expect) -> Result<Range<u64>> {
        self.request("append", |reply| Request::Append(Append { records, expect, reply })).await
    }

    /// Returns the offsets that were truncated.
    pub(crate) async fn truncate(&self, before: u64) -> Result<Range<u64>> {
        self.request("truncate", |reply| Request::Truncate { before, reply }).await
    }

    /// Begins a new log, so that the one of before can be sealed.
    pub(crate) async fn rotate(&self) -> Result<bool> {
        self.request("compact", |reply| Request::Rotate { reply }).await
    }

    /// Says that files have taken the place of others, out of a thread of its own.
    pub(crate) fn tidied(&self) -> impl Fn() + Send + 'static {
        let requests = self.requests.as_ref().map(mpsc::Sender::downgrade);
        move || {
            if let Some(requests) = requests.as_ref().and_then(mpsc::WeakSender::upgrade) {
                // It does not matter any more if the store is being closed.
                let _ = requests.blocking_send(Request::Tidied);
            }
        }
    }

    /// Truncates, out of a thread of its own. It does nothing once the writer is gone.
    pub(crate) fn truncating(
        &self,
    ) -> impl Fn(u64) -> Result<(), EmbeddedStoreError> + Send + 'static {
        let requests = self.requests.as_ref().map(mpsc::Sender::downgrade);
        move |before| {
            let Some(requests) = requests.as_ref().and_then(mpsc::WeakSender::upgrade) else {
                return Ok(());
            };
            let (reply, answer) = oneshot::channel();
            let sent = requests.blocking_send(Request::Truncate { before, reply });
            drop(requests);
            match (sent, answer.blocking_recv()) {
                (Ok(()), Ok(Ok(_))) => Ok(()),
                // It has been said to whoever appends.
                _ => Err(EmbeddedStoreError::Stopped),
            }
        }
    }

    async fn request<T>(
        &self,
        operation: &'static str,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T> {
        let stopped = || EmbeddedStoreError::Stopped.into_error(operation);
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        let (reply, answer) = oneshot::channel();
        requests.send(request(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        // Nobody needs to wait for another process any more.
        self.lock.close();
        // So that the files are closed when the store is gone. The thread owns nothing that could
        // drop the store, so it does not wait for itself; a panic in it has been reported.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Thread {
    desk: Desk,
    core: Option<Core>,
}

impl Thread {
    fn run(&mut self, mut queue: mpsc::Receiver<Request>) {
        let mut held = None;
        while let Some(request) = held.take().or_else(|| queue.blocking_recv()) {
            match request {
                Request::Append(append) => held = self.append(append, &mut queue),
                Request::Truncate { before, reply } => {
                    let truncated = self.locked(|core, _| core.truncate(before));
                    if truncated.as_ref().is_ok_and(Result::is_ok) {
                        self.desk.recent.truncate(before);
                    }
                    answer(reply, "truncate", truncated);
                }
                Request::Rotate { reply } => {
                    let rotated = self.locked(|core, _| core.rotate(Reuse::Nothing));
                    answer(reply, "compact", rotated.map(Ok));
                }
                Request::Tidied => {
                    if let Some(core) = &mut self.core {
                        core.tidied();
                    }
                }
            }
        }
    }

    /// Does something under the lock, when what others have done is known.
    fn locked<T>(
        &mut self,
        act: impl FnOnce(&mut Core, &Desk) -> Result<T, EmbeddedStoreError>,
    ) -> Result<T, EmbeddedStoreError> {
        let Self { desk, core } = self;
        let _locked = desk.lock.hold(PATIENCE)?;
        desk.in_place.check()?;
        let core = match core {
            Some(core) => {
                core.catch_up()?;
                core
            }
            None => core.insert(Core::open(desk.files.clone(), desk.log_bytes)?),
        };
        act(core, desk)
    }

    /// Commits an append and those that are queued behind it. Returns a request that stands among
    /// them and can't be part of the commit.
    fn append(&mut self, first: Append, queue: &mut mpsc::Receiver<Request>) -> Option<Request> {
        let mut next = Some(first);
        let mut held = None;
        let (mut replies, mut outcomes) = (Vec::new(), Vec::new());
        let result = self.locked(|core, desk| {
            let committed = core.commit(|batch| {
                let mut bytes = 0;
                while let Some(Append { records, expect, reply }) = next.take() {
                    bytes += records.iter().map(|r| r.parcel.wire().len()).sum::<usize>();
                    replies.push(reply);
                    outcomes.push(batch.append(records, expect)?);
                    if bytes < COMMIT_BYTES {
                        match queue.try_recv() {
                            Ok(Request::Append(append)) => next = Some(append),
                            Ok(other) => held = Some(other),
                            Err(_) => {}
                        }
                    }
                }
                Ok(())
            })?;
            desk.watch.ends_at(core.next());
            (desk.committed)(core.oldest(), core.next(), committed.has_rotated);
            Ok(committed)
        });
        // Whoever asked may be gone: that changes nothing.
        match result {
            Ok(committed) => {
                // First, so that they can go on while the rest is done.
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    let _ = reply.send(outcome);
                }
                self.make_known(committed);
            }
            // What was found out about each rests on what the others did, and that is undone.
            Err(error) => {
                let has_begun = !replies.is_empty();
                let failed = replies.into_iter().chain(next.map(|append| append.reply));
                let mut failed: Vec<_> = failed.collect();
                if !has_begun {
                    // It could not even begin, after a long wait most likely. Those who are queued
                    // have waited as long, and would have to wait as long again one by one.
                    while held.is_none()
                        && let Ok(request) = queue.try_recv()
                    {
                        match request {
                            Request::Append(append) => failed.push(append.reply),
                            other => held = Some(other),
                        }
                    }
                }
                for reply in failed {
                    let _ = reply.send(Err(error.clone().into_error("append")));
                }
            }
        }
        held
    }
}

impl Thread {
    /// Tells those who follow.
    fn make_known(&mut self, committed: Committed) {
        if let Some(core) = &mut self.core {
            core.remember(&committed);
        }
        let Committed { first, records, .. } = committed;
        let parcels: Vec<_> = records.into_iter().map(|record| record.parcel).collect();
        // Before they are woken: they find the events here.
        self.desk.recent.record(first, &parcels);
        self.desk.watch.committed(first + parcels.len() as u64);
    }
}

/// Whoever asked may be gone: that changes nothing.
fn answer<T>(
    reply: Reply<T>,
    operation: &'static str,
    result: Result<Result<T>, EmbeddedStoreError>,
) {
    let _ = reply.send(result.map_err(|error| error.into_error(operation)).flatten());
}
