use std::{ops::Range, sync::Arc};

use eventstream_core::Result;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{Append, Engine};

/// Room is given out in pieces of so many bytes.
const PIECE: usize = 1024;

/// How much there is at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A commit takes appends until it has so many bytes: more would keep the first one waiting. A
    /// larger append is a commit by itself.
    pub(crate) commit_bytes: usize,
    /// … or so many events.
    pub(crate) commit_events: usize,
    /// So many bytes wait at most, those of the commit under way included; whoever comes then waits
    /// for room. A larger append waits until it is the only one.
    pub(crate) waiting_bytes: usize,
}

/// The way to the task that commits. When it is dropped, the task finishes what is queued, and ends.
#[derive(Debug)]
pub(crate) struct GroupCommit {
    requests: mpsc::UnboundedSender<Request>,
    /// What bounds the queue.
    room: Arc<Semaphore>,
    pieces: u32,
}

/// An append got no answer, because the task has ended: its runtime was shut down, or it has panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It was not begun: nothing was stored.
    Refused,
    /// It may have been stored, or not.
    Unknown,
}

#[derive(Debug)]
struct Request {
    append: Append,
    reply: oneshot::Sender<Result<Range<u64>>>,
    /// Held until the append is answered.
    _room: OwnedSemaphorePermit,
}

impl GroupCommit {
    /// Starts the task, on the runtime that is around.
    pub(crate) fn start(engine: impl Engine, limits: Limits) -> Self {
        let (requests, queue) = mpsc::unbounded_channel();
        let pieces = u32::try_from(limits.waiting_bytes / PIECE).unwrap_or(u32::MAX).max(1);
        let room = Arc::new(Semaphore::new(pieces as usize));
        tokio::spawn(Task { engine, queue, held: None, limits }.run());
        Self { requests, room, pieces }
    }

    /// Appends, together with what others append.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits for room, it has done nothing. Later the append is carried out all the
    /// same.
    pub(crate) async fn append(&self, append: Append) -> Result<Result<Range<u64>>, Unanswered> {
        let pieces = u32::try_from(append.bytes().div_ceil(PIECE)).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(pieces.clamp(1, self.pieces)).await;
        // It is never closed.
        let room = room.map_err(|_| Unanswered::Refused)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { append, reply, _room: room };
        self.requests.send(request).map_err(|_| Unanswered::Refused)?;
        answer.await.map_err(|_| Unanswered::Unknown)
    }
}

struct Task<E> {
    engine: E,
    queue: mpsc::UnboundedReceiver<Request>,
    /// A request that was too much for the last commit.
    held: Option<Request>,
    limits: Limits,
}

impl<E: Engine> Task<E> {
    async fn run(mut self) {
        while let Some(first) = self.next().await {
            let (mut batch, mut replies) = (Vec::new(), Vec::new());
            for request in self.batch(first) {
                batch.push(request.append);
                replies.push((request.reply, request._room));
            }
            let outcomes = self.engine.commit(batch).await;
            debug_assert_eq!(outcomes.len(), replies.len());
            for ((reply, _room), outcome) in replies.into_iter().zip(outcomes) {
                // Whoever asked may be gone: that changes nothing.
                let _ = reply.send(outcome);
            }
            // Those who were answered may have more to append, and should be part of the next commit.
            tokio::task::yield_now().await;
        }
    }

    async fn next(&mut self) -> Option<Request> {
        match self.held.take() {
            Some(request) => Some(request),
            None => self.queue.recv().await,
        }
    }

    /// A request and those that are queued behind it, as many as a commit takes.
    fn batch(&mut self, first: Request) -> Vec<Request> {
        let Limits { commit_bytes, commit_events, .. } = self.limits;
        let (mut bytes, mut events) = (first.append.bytes(), first.append.parcels().len());
        let mut batch = vec![first];
        while bytes < commit_bytes
            && events < commit_events
            && let Ok(request) = self.queue.try_recv()
        {
            bytes = bytes.saturating_add(request.append.bytes());
            events += request.append.parcels().len();
            if bytes > commit_bytes || events > commit_events {
                self.held = Some(request);
                break;
            }
            batch.push(request);
        }
        batch
    }
}
