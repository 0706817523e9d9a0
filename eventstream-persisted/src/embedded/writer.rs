//! The thread that writes, and commits all that is queued at once.

use std::{io, ops::Range, sync::Arc, thread};

use eventstream_core::{Expect, Parcel, Result};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{
    commit::{Commit, Types},
    error::{EmbeddedStoreError, Failure},
    files::Files,
    removal::{Removal, give_back_space, is_anything_left, remove_some, truncate},
    watch::Watch,
};
use crate::RecentEvents;

/// Requests that wait for the thread; whoever comes then waits for room.
const QUEUE: usize = 1024;
/// A commit takes requests until it has so many bytes: more would keep the first one waiting.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;

type Reply<T> = oneshot::Sender<Result<T>>;

enum Request {
    Append { parcels: Vec<Parcel>, expect: Expect, reply: Reply<Range<u64>> },
    Truncate { before: u64, reply: Reply<()> },
}

/// The way to the thread. When it is dropped, the thread finishes what is queued, and ends.
pub(super) struct Writer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        files: Arc<Files>,
        connection: Connection,
        watch: Arc<Watch>,
        recent: RecentEvents,
    ) -> io::Result<Self> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let mut thread = Thread {
            files,
            connection,
            watch,
            recent,
            types: Types::default(),
            // What a store left behind that was closed meanwhile.
            removing: true,
            truncated: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("eventstream-write".to_owned())
            .spawn(move || thread.run(queue))?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    pub(super) async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        self.request("append", |reply| Request::Append { parcels, expect, reply }).await
    }

    pub(super) async fn truncate(&self, before: u64) -> Result<()> {
        self.request("truncate", |reply| Request::Truncate { before, reply }).await
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
        // So that the files are closed when the store is gone. The thread owns nothing that could
        // drop the store, so it does not wait for itself; a panic in it has been reported.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Thread {
    files: Arc<Files>,
    connection: Connection,
    watch: Arc<Watch>,
    recent: RecentEvents,
    types: Types,
    /// There may be something to remove that was truncated.
    removing: bool,
    /// Those who wait for it.
    truncated: Vec<Reply<()>>,
}

/// An append as it was asked for.
type Append = (Vec<Parcel>, Expect, Reply<Range<u64>>);

impl Thread {
    fn run(&mut self, mut queue: mpsc::Receiver<Request>) {
        let mut held = None;
        while let Some(request) = held.take().or_else(|| self.next(&mut queue)) {
            match request {
                Request::Append { parcels, expect, reply } => {
                    held = self.append((parcels, expect, reply), &mut queue);
                }
                Request::Truncate { before, reply } => self.truncate(before, reply),
            }
            // Appends without a pause must not keep it from being done.
            self.remove_some();
        }
    }

    /// Waits for a request, and removes what is truncated meanwhile.
    fn next(&mut self, queue: &mut mpsc::Receiver<Request>) -> Option<Request> {
        while self.removing {
            match queue.try_recv() {
                Ok(request) => return Some(request),
                // The next one who opens the store goes on with it.
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) => self.remove_some(),
            }
        }
        queue.blocking_recv()
    }

    /// Commits an append and those that are queued behind it. Returns a request that stands among
    /// them and can't be part of the commit.
    fn append(&mut self, first: Append, queue: &mut mpsc::Receiver<Request>) -> Option<Request> {
        let mut next = Some(first);
        let mut held = None;
        let (mut replies, mut outcomes) = (Vec::new(), Vec::new());
        let result = self.commit(|commit| {
            let mut bytes = 0;
            while let Some((parcels, expect, reply)) = next.take() {
                bytes += parcels.iter().map(|parcel| parcel.wire().len()).sum::<usize>();
                replies.push(reply);
                outcomes.push(commit.append(parcels, expect)?);
                if bytes < COMMIT_BYTES {
                    match queue.try_recv() {
                        Ok(Request::Append { parcels, expect, reply }) => {
                            next = Some((parcels, expect, reply));
                        }
                        Ok(other) => held = Some(other),
                        Err(_) => {}
                    }
                }
            }
            Ok(())
        });
        // Whoever asked may be gone: that changes nothing.
        match result {
            Ok(()) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    let _ = reply.send(outcome);
                }
            }
            // What was found out about each rests on what the others did, and that is undone.
            Err(error) => {
                let has_begun = !replies.is_empty();
                let failed = replies.into_iter().chain(next.map(|(_, _, reply)| reply));
                let mut failed: Vec<_> = failed.collect();
                if !has_begun {
                    // It could not even begin, after a long wait most likely. Those who are queued
                    // have waited as long, and would have to wait as long again one by one.
                    while held.is_none()
                        && let Ok(request) = queue.try_recv()
                    {
                        match request {
                            Request::Append { reply, .. } => failed.push(reply),
                            truncate @ Request::Truncate { .. } => held = Some(truncate),
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

    /// Writes in a transaction, commits it, and makes known what was appended.
    fn commit(
        &mut self,
        write: impl FnOnce(&mut Commit<'_>) -> Result<(), Failure>,
    ) -> Result<(), EmbeddedStoreError> {
        let Self { files, connection, types, .. } = self;
        let appended = write_transaction(connection, |transaction| {
            files.check_in_place()?;
            let mut commit = Commit::begin(transaction, &files.charter, types)?;
            write(&mut commit)?;
            commit.finish()
        });
        match appended {
            Ok((first, parcels)) => {
                let first = files.charter.absolute(first);
                // Before those who wait are woken: they find the events here.
                let next = first + parcels.len() as u64;
                self.recent.record(first, &parcels);
                self.watch.committed(next);
                Ok(())
            }
            Err(failure) => {
                // Numbers that were given to types are taken back with the rest.
                self.types = Types::default();
                Err(self.files.database.name(failure))
            }
        }
    }

    fn truncate(&mut self, before: u64, reply: Reply<()>) {
        let Self { files, connection, .. } = self;
        let truncated = write_transaction(connection, |transaction| {
            truncate(transaction, &files.charter, before)
        })
        .map_err(|failure| files.database.name(failure).into_error("truncate"))
        .flatten();
        if truncated.is_err() {
            let _ = reply.send(truncated);
            return;
        }
        self.recent.truncate(before);
        self.removing = true;
        self.truncated.push(reply);
    }

    /// Removes some of what is truncated, if there is anything; tells those who wait when there is
    /// not.
    fn remove_some(&mut self) {
        if !self.removing {
            return;
        }
        let Self { files, connection, .. } = self;
        // Looked at first, because a store that is only read should not ask for the lock of those
        // who write.
        let removal = is_anything_left(connection).and_then(|is_left| {
            if !is_left {
                return Ok(Removal::Done);
            }
            let removal = write_transaction(connection, |transaction| {
                remove_some(transaction, &files.charter)
            })?;
            match removal {
                Removal::Goes => Ok(removal),
                Removal::Done => Ok(give_back_space(connection)?),
            }
        });
        if matches!(removal, Ok(Removal::Goes)) {
            return;
        }
        if let Err(failure) = removal {
            // Truncated it is. The space is given back another time.
            let error = files.database.name(failure);
            tracing::warn!(
                store = %files.database.file().display(),
                error = &error as &dyn std::error::Error,
                "can't remove what was truncated"
            );
        }
        self.removing = false;
        for reply in self.truncated.drain(..) {
            let _ = reply.send(Ok(()));
        }
    }
}

fn write_transaction<T>(
    connection: &mut Connection,
    write: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // Immediate: no other process can append between looking at the head and changing it.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = write(&transaction)?;
    transaction.commit().map_err(Failure::Commit)?;
    Ok(result)
}
