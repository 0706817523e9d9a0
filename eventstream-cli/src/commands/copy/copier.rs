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
    /// Whether a store that is gone is waited for, however long that takes.
    is_patient: bool,
    /// Whether it was said that a store is gone.
    has_said: bool,
}

/// Why a step could not be done.
enum Stop {
    Read(Error),
    Append(Error),
    /// Whatever is tried, it stays so.
    Failure(Failure),
}

impl Copier {
    pub(super) fn new(source: AnyStore, target: AnyStore, next: u64) -> Self {
        Self { source, target, first: next, next, is_patient: false, has_said: false }
    }

    /// From now on it ends for no failure that passes.
    pub(super) fn be_patient(&mut self) {
        self.is_patient = true;
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
            let step = interrupt::finish(interrupted, Box::pin(step)).await.ok_or_else(given_up)?;
            if let Err(stop) = step {
                self.pause_after(stop, interrupted).await?;
                batches = None;
                continue;
            }
            self.has_said = false;
            let copied = self.next - self.first;
            progress.set(copied, copied);
        }
        Ok(())
    }

    /// Reads a batch, and appends it.
    async fn step(&mut self, batches: &mut Option<Batches>, end: u64) -> Result<(), Stop> {
        let perseverance = Perseverance::SERVER;
        let limit = self.target.append_limit().min(EVENTS);
        let (source, next) = (&self.source, self.next);
        let batches = if let Some(batches) = batches {
            batches
        } else {
            let load = async || source.load_by_type(EventTypes::any(), next).await;
            let query = perseverance.call(load).await.map_err(Stop::Read)?;
            batches.insert(Batches { query, read: Vec::new() })
        };
        let batches = Mutex::new(batches);
        let read = async || batches.lock().await.next(next, end, limit).await;
        let mut parcels = perseverance.call(read).await.map_err(Stop::Read)?;
        while !parcels.is_empty() {
            match self.append(&parcels).await {
                Ok(()) => return Ok(()),
                // How much the target takes at once shows when it is too much.
                Err(Stop::Append(_)) if self.target.append_limit() < parcels.len() => {
                    let rest = parcels.split_off(self.target.append_limit().max(1));
                    self.append(&parcels).await?;
                    parcels = rest;
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// Appends a batch at the copy's next offset.
    async fn append(&mut self, parcels: &[Parcel]) -> Result<(), Stop> {
        let (target, next, count) = (&self.target, self.next, parcels.len() as u64);
        // Appended again, it is a repetition: if the first attempt was committed and only its answer
        // lost, the second one says where the events are.
        let append = async || target.append(parcels.to_vec(), Expect::Offset(next)).await;
        let range = Perseverance::SERVER.call(append).await.map_err(Stop::Append)?;
        if range != (next..next + count) {
            let text = format!(
                "{} has these events at offset {} already, and not at {next}",
                self.target.location(),
                range.start,
            );
            let hint = "others append to it: nothing of theirs was changed";
            return Err(Stop::Failure(Failure::new(text).hint(hint)));
        }
        self.next = range.end;
        Ok(())
    }

    /// Waits before trying again; an error if that is of no use, or not asked for.
    async fn pause_after(
        &mut self,
        stop: Stop,
        interrupted: &CancellationToken,
    ) -> Result<(), Failure> {
        let passes = |error: &Error| self.is_patient && error.is_retryable();
        let location = match stop {
            Stop::Read(error) if passes(&error) => self.source.location(),
            Stop::Append(error) if passes(&error) => self.target.location(),
            Stop::Read(error) => return Err(self.unreadable(&error)),
            Stop::Append(error) => return Err(self.not_appended(&error)),
            Stop::Failure(failure) => return Err(failure),
        };
        if !self.has_said {
            note(&format!(
                "The connection to {location} is lost: going on as soon as it is there again."
            ));
            self.has_said = true;
        }
        tokio::select! {
            () = interrupted.cancelled() => {}
            () = sleep(PAUSE) => {}
        }
        Ok(())
    }

    /// Waits before looking again for what comes.
    pub(super) async fn pause_after_looking(
        &mut self,
        error: Error,
        interrupted: &CancellationToken,
    ) -> Result<(), Failure> {
        self.pause_after(Stop::Read(error), interrupted).await
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
