//! What the cases of a stream act on: an environment, and a record of what was done to it.

use std::ops::{Deref, DerefMut};

use eventstream_core::{Event, EventStream, EventTypes, Parcel};

use crate::{
    StreamEnv, StreamHarness,
    failure::{Check, chain, ensure, fail},
    record::Record,
    scene::Scene,
    stream::reader::Reader,
};

impl<H: StreamHarness> Scene<H> {
    /// A fresh, empty environment.
    pub(crate) async fn start(&self) -> Check<Stage<H::Env>> {
        let env = self.started(self.harness.start()).await?;
        Ok(Stage::new(self, env, 0))
    }

    /// An environment whose first event gets this offset.
    pub(crate) async fn start_at(&self, first: u64) -> Check<Stage<H::Env>> {
        let env = self.started_at(first, self.harness.start_at(first)).await?;
        Ok(Stage::new(self, env, first))
    }

    /// The same, if the harness can do it.
    pub(crate) async fn try_start_at(&self, first: u64) -> Check<Option<Stage<H::Env>>> {
        let env = self.try_started_at(first, self.harness.start_at(first)).await?;
        Ok(env.map(|env| Stage::new(self, env, first)))
    }
}

/// A running environment, with a record of what was appended.
pub(crate) struct Stage<E> {
    pub(crate) env: E,
    record: Record,
}

impl<E> Deref for Stage<E> {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.record
    }
}

impl<E> DerefMut for Stage<E> {
    fn deref_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

impl<E: StreamEnv> Stage<E> {
    fn new<H>(scene: &Scene<H>, env: E, first: u64) -> Self {
        let application = env.stream().application().clone();
        Self { env, record: Record::new(scene, application, first) }
    }

    /// Appends one event for each type; returns them.
    pub(crate) async fn append(&mut self, types: &[&str]) -> Check<Vec<Event>> {
        let parcels = self.make(types);
        self.append_parcels(parcels).await
    }

    /// Appends so many events, the suite's types in turn; returns them.
    pub(crate) async fn append_many(&mut self, count: usize) -> Check<Vec<Event>> {
        let parcels = self.make_many(count);
        self.append_parcels(parcels).await
    }

    pub(crate) async fn append_parcels(&mut self, parcels: Vec<Parcel>) -> Check<Vec<Event>> {
        let append = self.env.append(parcels.clone());
        self.record.appended(parcels, append).await
    }

    pub(crate) async fn truncate(&self, before: u64) -> Check {
        self.truncated(before, self.env.truncate(before)).await
    }

    /// The stream says that it ends where the record does, or that it can't tell.
    pub(crate) async fn end_fits(&self) -> Check {
        self.progress.doing("asking the stream where it ends");
        let next = self.end();
        match self.env.stream().end().await {
            Ok(None) => Ok(()),
            Ok(Some(end)) => {
                ensure!(
                    end == next,
                    "the next event gets offset {next}, but the stream says that it ends at {end}"
                );
                Ok(())
            }
            Err(error) => {
                fail!("the stream must say that it ends at {next}, but says: {}", chain(&error))
            }
        }
    }

    /// Drops the environment; returns all that was appended.
    pub(crate) fn drop_env(self) -> Vec<Event> {
        self.progress.doing("dropping the environment");
        drop(self.env);
        self.record.into_log()
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
