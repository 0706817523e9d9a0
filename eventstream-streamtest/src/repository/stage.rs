//! What the cases of a repository act on: an environment, and a record of what was done to it.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use eventstream_core::{Error, Event, EventRepository, EventTypes, Parcel, Result};
use tokio::time::timeout;

use super::{scan::Scan, wanted::Wanted};
use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::{Check, chain, ensure, fail},
    record::Record,
    scene::Scene,
};

/// The query of an environment.
pub(crate) type Query<E> = <<E as RepositoryEnv>::Repository as EventRepository>::Query;

impl<H: RepositoryHarness> Scene<H> {
    /// A fresh, empty environment.
    pub(crate) async fn repository(&self) -> Check<Stage<H::Env>> {
        let env = self.started(self.harness.start()).await?;
        Ok(Stage::new(self, env, 0))
    }

    /// An environment whose first event gets this offset.
    pub(crate) async fn repository_at(&self, first: u64) -> Check<Stage<H::Env>> {
        let env = self.started_at(first, self.harness.start_at(first)).await?;
        Ok(Stage::new(self, env, first))
    }
}

/// A running environment, with a record of what was appended.
pub(crate) struct Stage<E> {
    /// For the tasks of a case to share.
    pub(crate) env: Arc<E>,
    pub(crate) record: Record,
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

impl<E: RepositoryEnv> Stage<E> {
    fn new<H>(scene: &Scene<H>, env: E, first: u64) -> Self {
        let application = env.application().clone();
        Self { env: Arc::new(env), record: Record::new(scene, application, first) }
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

    /// The next offset, which must be to be had.
    pub(crate) async fn next_offset(&self) -> Check<u64> {
        self.progress.doing("asking for the next offset");
        match self.env.repository().next_offset().await {
            Ok(next) => Ok(next),
            Err(error) => fail!("the next offset can't be had: {}", chain(&error)),
        }
    }

    /// The next offset is that of the record.
    pub(crate) async fn next_offset_fits(&self) -> Check {
        let (next, end) = (self.next_offset().await?, self.end());
        ensure!(next == end, "the next offset is {end}, but the repository says {next}");
        Ok(())
    }

    /// All that matches from this offset on.
    pub(crate) fn all(&self, offset: u64, wanted: &Wanted) -> Vec<Event> {
        self.wanted(offset, usize::MAX, |parcel| wanted.matches(parcel))
    }

    /// Makes a query, and leaves it to the case what to make of an error. An offset is for types
    /// only; for a source, it is the oldest that there is.
    pub(crate) async fn try_load(
        &self,
        offset: u64,
        wanted: impl Into<Wanted>,
    ) -> Result<Scan<Query<E>>> {
        let wanted = wanted.into();
        let name = format!("the query from {offset} for {wanted}");
        self.progress.doing(format!("making {name}"));
        let repository = self.env.repository();
        let query = match &wanted {
            Wanted::Types(types) => repository.load_by_type(types.clone(), offset).await?,
            Wanted::Source { handler_key, instance_id } => {
                repository.load_by_source(handler_key, instance_id).await?
            }
        };
        Ok(Scan::new(query, name, wanted, offset, self.end(), self.progress.clone()))
    }

    /// Makes a query, which must be possible.
    pub(crate) async fn load(
        &self,
        offset: u64,
        wanted: impl Into<Wanted>,
    ) -> Check<Scan<Query<E>>> {
        let wanted = wanted.into();
        match self.try_load(offset, wanted.clone()).await {
            Ok(scan) => Ok(scan),
            Err(error) => {
                fail!("there is no query to be had from {offset} for {wanted}: {}", chain(&error))
            }
        }
    }

    /// Makes a query for everything.
    pub(crate) async fn load_any(&self, offset: u64) -> Check<Scan<Query<E>>> {
        self.load(offset, EventTypes::any()).await
    }

    /// A query from this offset on returns what was appended, and nothing else.
    pub(crate) async fn holds(&self, offset: u64, wanted: impl Into<Wanted>) -> Check {
        let mut scan = self.load(offset, wanted).await?;
        let events = self.all(offset, &scan.wanted);
        scan.rest_is(7, &events, self.end()).await
    }

    /// All that was appended from this offset on can be read, and the next offset agrees.
    pub(crate) async fn holds_all_from(&self, offset: u64) -> Check {
        self.next_offset_fits().await?;
        self.holds(offset, EventTypes::any()).await
    }

    /// Something is there for a call, so that it must come to its end at once, or nearly.
    pub(crate) async fn at_once<T>(&self, what: &str, call: impl Future<Output = T>) -> Check<T> {
        // A part of the deadline, so that the failure can say more than that it is over.
        match timeout(self.timing.deadline / 4, call).await {
            Ok(output) => Ok(output),
            Err(_) => fail!("{what} must return at once, but waits"),
        }
    }
}

/// Whether an error says `Truncated` in these numbers.
pub(crate) fn is_truncated(name: &str, position: u64, end: u64, error: Option<&Error>) -> Check {
    match error {
        Some(Error::Truncated { requested, oldest })
            if *requested == position && *oldest == end =>
        {
            Ok(())
        }
        Some(error) => fail!(
            "{name} must say that {position} is truncated and {end} is the oldest, but says: {}",
            chain(error)
        ),
        None => fail!(
            "{name} must say that {position} is truncated and {end} is the oldest, but succeeds"
        ),
    }
}
