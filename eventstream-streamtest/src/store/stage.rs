//! What the cases of a store do beyond those of a repository.

use std::{ops::Range, sync::Arc};

use eventstream_core::{
    BoxError, Error, Event, EventQuery, EventStore, EventTypes, Expect, Identity, Parcel, Result,
};

use crate::{
    RepositoryEnv, StoreEnv,
    failure::{Check, Failure, chain, ensure, fail},
    repository::stage::Stage,
};

/// Another handle to the store of an environment.
pub(crate) struct Handle<S> {
    store: S,
    application: Identity,
}

impl<S: EventStore> RepositoryEnv for Handle<S> {
    type Repository = S;

    fn repository(&self) -> &S {
        &self.store
    }

    fn application(&self) -> &Identity {
        &self.application
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.store.append(parcels, Expect::Any).await?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.store.truncate(before).await?)
    }
}

impl<E: RepositoryEnv<Repository: EventStore>> Stage<E> {
    pub(crate) async fn try_append(
        &self,
        parcels: &[Parcel],
        expect: Expect,
    ) -> Result<Range<u64>> {
        self.progress.doing(format!(
            "appending {} events at {} with {expect:?}",
            parcels.len(),
            self.end()
        ));
        self.env.repository().append(parcels.to_vec(), expect).await
    }

    /// An append that must store its parcels at the end, and say so.
    pub(crate) async fn stores(
        &mut self,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> Check<Vec<Event>> {
        let (start, count) = (self.end(), parcels.len() as u64);
        let got = self.try_append(&parcels, expect).await;
        self.range_is(&got, &parcels, start..start + count)?;
        Ok(self.record.add(parcels))
    }

    /// An append of what is stored already, which must change nothing and return this range.
    pub(crate) async fn repeats(
        &self,
        parcels: &[Parcel],
        expect: Expect,
        range: Range<u64>,
    ) -> Check {
        let got = self.try_append(parcels, expect).await;
        self.range_is(&got, parcels, range)
    }

    pub(crate) fn range_is(
        &self,
        got: &Result<Range<u64>>,
        parcels: &[Parcel],
        expected: Range<u64>,
    ) -> Check {
        match got {
            Ok(range) => ensure!(
                *range == expected,
                "an append of {} parcels, where the next offset is {}, must return {expected:?}, \
                 but returns {range:?}",
                parcels.len(),
                self.end()
            ),
            Err(error) => fail!(
                "an append of {} parcels, where the next offset is {}, must return {expected:?}, \
                 but says: {}",
                parcels.len(),
                self.end(),
                chain(error)
            ),
        }
        Ok(())
    }

    /// An append that must fail with an error such as this, and change nothing: all from `oldest`
    /// on is as it was.
    pub(crate) async fn refuses(
        &self,
        parcels: &[Parcel],
        expect: Expect,
        oldest: u64,
        error: &str,
        is_it: impl Fn(&Error) -> bool,
    ) -> Check {
        let got = self.try_append(parcels, expect).await;
        is_refused(&got, error, is_it)?;
        self.holds_all_from(oldest).await
    }

    /// Truncates, and leaves it to the case what to make of an error.
    pub(crate) async fn try_truncate(&self, before: u64) -> Result<()> {
        self.progress.doing(format!("truncating before {before}"));
        self.env.repository().truncate(before).await
    }
}

/// Whether an append has failed with an error such as this.
pub(crate) fn is_refused(
    got: &Result<Range<u64>>,
    error: &str,
    is_it: impl Fn(&Error) -> bool,
) -> Check {
    match got {
        Err(error) if is_it(error) => Ok(()),
        Err(other) => fail!("an append must fail with {error}, but says: {}", chain(other)),
        Ok(range) => fail!("an append must fail with {error}, but returns {range:?}"),
    }
}

impl<E: RepositoryEnv> Stage<E> {
    /// All that can be read from this offset on, which must be without a gap: where the case can't
    /// know beforehand in which order it comes.
    pub(crate) async fn contents(&self, offset: u64) -> Check<Vec<Event>> {
        let mut scan = self.load(offset, EventTypes::any()).await?;
        let mut events = Vec::new();
        loop {
            match scan.query.next_batch(&mut events, 100).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => fail!("{} says: {}", scan.name, chain(&error)),
            }
        }
        for (event, expected) in events.iter().zip(offset..) {
            ensure!(
                event.offset == expected,
                "{} has returned offset {} where {expected} comes next",
                scan.name,
                event.offset
            );
        }
        Ok(events)
    }
}

impl<E: StoreEnv> Stage<E> {
    /// Closes the store and opens it again. The tasks of the case have to have ended.
    pub(crate) async fn reopen(self) -> Check<Self> {
        self.progress.doing("opening the store again");
        let Ok(env) = Arc::try_unwrap(self.env) else {
            fail!("the suite itself still uses the store that is to be opened again");
        };
        match env.reopen().await {
            Ok(env) => Ok(Self { env: Arc::new(env), record: self.record }),
            Err(error) => Err(Failure::of_harness("open the store again", &error)),
        }
    }

    /// Another handle to the store, with the record as it is now.
    pub(crate) async fn another(&self) -> Check<Stage<Handle<E::Store>>> {
        self.progress.doing("opening another handle");
        match self.env.open_another().await {
            Ok(Some(store)) => {
                let application = StoreEnv::application(&*self.env).clone();
                let env = Arc::new(Handle { store, application });
                Ok(Stage { env, record: self.record.clone() })
            }
            Ok(None) => fail!(
                "the harness has no other handle to the store: open_another says None; if the \
                 store is for one handle at a time, waive this case"
            ),
            Err(error) => Err(Failure::of_harness("open another handle", &error)),
        }
    }
}
