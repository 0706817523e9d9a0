//! What the cases of a stream act on: an environment, and a record of what was done to it.

use std::{ops::Range, sync::Arc};

use eventstream_core::{Event, EventStream, EventTypes, Parcel};

use crate::{
    Parcels, StreamEnv, StreamHarness, Timing,
    failure::{Check, Failure, chain, fail},
    parcels::TYPES,
    reader::Reader,
    run::Progress,
};

/// Where a case begins: nothing is started yet.
pub(crate) struct Scene<H> {
    harness: Arc<H>,
    pub(crate) timing: Timing,
    pub(crate) read_ahead: usize,
    pub(crate) progress: Progress,
}

impl<H: StreamHarness> Scene<H> {
    pub(crate) fn new(
        harness: Arc<H>,
        timing: Timing,
        read_ahead: usize,
        progress: Progress,
    ) -> Self {
        Self { harness, timing, read_ahead, progress }
    }

    /// A fresh, empty environment.
    pub(crate) async fn start(&self) -> Check<Stage<H::Env>> {
        self.progress.doing("starting the environment");
        match self.harness.start().await {
            Ok(env) => Ok(self.stage(env, 0)),
            Err(error) => Err(Failure::of_harness("start an environment", &error)),
        }
    }

    /// An environment whose first event gets this offset.
    pub(crate) async fn start_at(&self, first: u64) -> Check<Stage<H::Env>> {
        self.progress.doing(format!("starting the environment at offset {first}"));
        match self.harness.start_at(first).await {
            Ok(Some(env)) => Ok(self.stage(env, first)),
            Ok(None) => fail!(
                "the harness has no environment that begins at offset {first}: start_at says \
                 None; if that can't be done, waive this case"
            ),
            Err(error) => {
                Err(Failure::of_harness(&format!("start an environment at offset {first}"), &error))
            }
        }
    }

    fn stage(&self, env: H::Env, first: u64) -> Stage<H::Env> {
        Stage {
            parcels: Parcels::new(env.stream().application().clone()),
            env,
            first,
            log: Vec::new(),
            timing: self.timing,
            progress: self.progress.clone(),
        }
    }
}

/// A running environment. It records what is appended, as it has to be read.
pub(crate) struct Stage<E> {
    pub(crate) env: E,
    pub(crate) parcels: Parcels,
    first: u64,
    log: Vec<Event>,
    pub(crate) timing: Timing,
    pub(crate) progress: Progress,
}

impl<E: StreamEnv> Stage<E> {
    /// All that was appended.
    pub(crate) fn log(&self) -> &[Event] {
        &self.log
    }

    /// What was appended at these offsets, counted from the first.
    pub(crate) fn events(&self, range: Range<usize>) -> Vec<Event> {
        self.log[range].to_vec()
    }

    /// Of all that was appended from this offset on, the events of these types.
    pub(crate) fn matching(&self, offset: u64, types: &EventTypes) -> Vec<Event> {
        self.upcoming(offset, types, usize::MAX)
    }

    /// The first of them, so many at most.
    pub(crate) fn upcoming(&self, offset: u64, types: &EventTypes, most: usize) -> Vec<Event> {
        let before = offset.saturating_sub(self.first);
        self.log
            .iter()
            .skip(usize::try_from(before).unwrap_or(usize::MAX))
            .filter(|event| types.contains(event.parcel.event_type()))
            .take(most)
            .cloned()
            .collect()
    }

    /// The offset that the next event gets.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.log.len() as u64
    }

    /// Appends one event for each type; returns them.
    pub(crate) async fn append(&mut self, types: &[&str]) -> Check<Vec<Event>> {
        let parcels = types.iter().map(|name| self.parcels.make(name)).collect();
        self.append_parcels(parcels).await
    }

    /// Appends so many events, the suite's types in turn; returns them.
    pub(crate) async fn append_many(&mut self, count: usize) -> Check<Vec<Event>> {
        let types: Vec<_> = TYPES.into_iter().cycle().take(count).collect();
        self.append(&types).await
    }

    pub(crate) async fn append_parcels(&mut self, parcels: Vec<Parcel>) -> Check<Vec<Event>> {
        let start = self.end();
        self.progress.doing(format!("appending {} events at {start}", parcels.len()));
        if let Err(error) = self.env.append(parcels.clone()).await {
            return Err(Failure::of_harness("append events", &error));
        }
        // In this order `zip` asks for no offset past the last one, which may be the largest.
        let events: Vec<_> = parcels
            .into_iter()
            .zip(start..)
            .map(|(parcel, offset)| Event::new(offset, parcel))
            .collect();
        self.log.extend(events.iter().cloned());
        Ok(events)
    }

    pub(crate) async fn truncate(&self, before: u64) -> Check {
        self.progress.doing(format!("truncating before {before}"));
        match self.env.truncate(before).await {
            Ok(()) => Ok(()),
            Err(error) => Err(Failure::of_harness("truncate", &error)),
        }
    }

    /// Drops the environment; returns all that was appended.
    pub(crate) fn drop_env(self) -> Vec<Event> {
        self.progress.doing("dropping the environment");
        drop(self.env);
        self.log
    }

    /// Opens a cursor, and leaves it to the case what to make of an error.
    pub(crate) async fn try_open(
        &self,
        offset: u64,
        types: EventTypes,
    ) -> eventstream_core::Result<Reader<<E::Stream as EventStream>::Cursor>> {
        let name = format!("the cursor opened at {offset} for {types}");
        self.progress.doing(format!("opening {name}"));
        let cursor = self.env.stream().open(offset, types).await?;
        Ok(Reader::new(cursor, name, self.timing, self.progress.clone()))
    }

    /// Opens a cursor, which must be possible.
    pub(crate) async fn open(
        &self,
        offset: u64,
        types: impl Into<EventTypes>,
    ) -> Check<Reader<<E::Stream as EventStream>::Cursor>> {
        let types = types.into();
        match self.try_open(offset, types.clone()).await {
            Ok(reader) => Ok(reader),
            Err(error) => {
                fail!("a cursor could not be opened at {offset} for {types}: {}", chain(&error))
            }
        }
    }

    /// Opens a cursor on everything.
    pub(crate) async fn open_any(
        &self,
        offset: u64,
    ) -> Check<Reader<<E::Stream as EventStream>::Cursor>> {
        self.open(offset, EventTypes::any()).await
    }
}
