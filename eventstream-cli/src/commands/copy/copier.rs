use std::time::Duration;

use eventstream_core::{
    BoxQuery, Error, Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Parcel,
};
use eventstream_persisted::AnyStore;
use tokio::{sync::Mutex, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{GO_ON, given_up};
use crate::{
    commands::append::Perseverance,
    failure::Failure,
    interrupt,
    output::{Progress, note},
};

/// Events and bytes that are appended at once.
const EVENTS: usize = 1_000;
const BYTES: usize = 4 * 1024 * 1024;
/// Between two looks at a store that can't be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// Appends the events of one store to another, one after the other, at their own offsets.
pub(super) struct Copier {
    source: AnyStore,
    target: AnyStore,
    first: u64,
    /// The copy's next offset.
    next: u64,
    /// Whether it was said that a store is gone.
    has_said: bool,
}

impl Copier {
    pub(super) fn new(source: AnyStore, target: AnyStore, next: u64) -> Self {
        Self { source, target, first: next, next, has_said: false }
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Copies up to an offset. An interrupt ends it when what is under way is done.
    pub(super) async fn copy_to(
        &mut self,
        end: u64,
        interrupted: &CancellationToken,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let mut batches = None;
        while self.next < end {
            if interrupted.is_cancelled() {
                return Err(Failure::new("interrupted").hint(GO_ON));
            }
            let step = self.step(&mut batches, end);
            interrupt::finish(interrupted, Box::pin(step)).await.ok_or_else(given_up)??;
            self.has_said = false;
            let copied = self.next - self.first;
            progress.set(copied, copied);
        }
        Ok(())
    }

    /// Reads a batch, and appends it.
    async fn step(&mut self, batches: &mut Option<Batches>, end: u64) -> Result<(), Failure> {
        let perseverance = Perseverance::SERVER;
        let limit = self.target.append_limit().min(EVENTS);
        let (source, next) = (&self.source, self.next);
        let batches = if let Some(batches) = batches {
            batches
        } else {
            let load = async || source.load_by_type(EventTypes::any(), next).await;
            let query = perseverance.call(load).await.map_err(|error| self.unreadable(&error))?;
            batches.insert(Batches { query, read: Vec::new() })
        };
        let batches = Mutex::new(batches);
        let read = async || batches.lock().await.next(next, end, limit).await;
        let parcels = perseverance.call(read).await;
        let parcels = parcels.map_err(|error| self.unreadable(&error))?;
        let (target, count) = (&self.target, parcels.len() as u64);
        // Appended again, it is a repetition: if the first attempt was committed and only its answer
        // lost, the second one says where the events are.
        let append = async || target.append(parcels.clone(), Expect::Offset(next)).await;
        let range = perseverance.call(append).await.map_err(|error| self.not_appended(&error))?;
        if range != (next..next + count) {
            return Err(Failure::new(format!(
                "{} has these events at offset {} already, and not at {next}",
                self.target.location(),
                range.start,
            ))
            .hint("others append to it: nothing of theirs was changed"));
        }
        self.next = range.end;
        Ok(())
    }

    /// Waits before looking again for what comes, unless the failure is one that stays.
    pub(super) async fn pause_after(
        &mut self,
        error: Error,
        interrupted: &CancellationToken,
    ) -> Result<(), Failure> {
        if !error.is_retryable() {
            return Err(self.unreadable(&error));
        }
        if !self.has_said {
            note(&format!(
                "The connection to {} is lost: going on as soon as it is there again.",
                self.source.location()
            ));
            self.has_said = true;
        }
        tokio::select! {
            () = interrupted.cancelled() => {}
            () = sleep(PAUSE) => {}
        }
        Ok(())
    }

    fn unreadable(&self, error: &Error) -> Failure {
        let text = format!("can't read {}", self.source.location());
        Failure::new(text).because(error).or_hint(GO_ON)
    }

    fn not_appended(&self, error: &Error) -> Failure {
        let failure =
            Failure::new(format!("can't append to {}", self.target.location())).because(error);
        match error {
            Error::OffsetConflict { .. } => {
                failure.hint("others append to it: a copy is no place to append to")
            }
            Error::DuplicateMessage { .. } => failure.hint(
                "the event was truncated where it is copied from, and recorded again: truncate the \
                 copy as well, by eventstream truncate",
            ),
            _ => failure.or_hint(GO_ON),
        }
    }
}

fn size(events: &[Event]) -> usize {
    events.iter().map(|event| event.parcel.wire().len()).sum()
}

/// Events as they are read, in batches as they are appended.
struct Batches {
    query: BoxQuery,
    /// What was read and not appended yet, the next one at the end.
    read: Vec<Event>,
}

impl Batches {
    /// The parcels from `next` on: at least one.
    async fn next(&mut self, next: u64, end: u64, limit: usize) -> Result<Vec<Parcel>, Error> {
        if self.read.is_empty() {
            let (query, read) = (&mut self.query, &mut self.read);
            let mut bytes = 0;
            while read.len() < EVENTS && bytes < BYTES {
                let known = read.len();
                match query.next_batch(read, EVENTS - known).await {
                    Ok(0) => break,
                    Ok(_) => bytes += size(&read[known..]),
                    Err(error) if known == 0 => return Err(error),
                    // It comes again, after what was read.
                    Err(_) => break,
                }
            }
            read.reverse();
        }
        let (mut parcels, mut bytes) = (Vec::new(), 0);
        while let Some(event) = self.read.last() {
            bytes += event.parcel.wire().len();
            let is_full = parcels.len() >= limit || (bytes > BYTES && !parcels.is_empty());
            if is_full || event.offset >= end {
                break;
            }
            let expected = next + parcels.len() as u64;
            if event.offset != expected {
                let problem = format!("offset {expected} is followed by offset {}", event.offset);
                return Err(Error::backend("read", false, problem));
            }
            parcels.extend(self.read.pop().map(|event| event.parcel));
        }
        if parcels.is_empty() {
            return Err(Error::backend("read", false, format!("offset {next} is not there")));
        }
        Ok(parcels)
    }
}
