//! Stores that do what the contract leaves open: the suites have nothing to say against them.

use std::{collections::VecDeque, ops::Range};

use eventstream_core::{
    Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Parcel, Result,
};
use eventstream_streamtest::SlowAppend;
use tokio::task::yield_now;

use super::store::{ReferenceQuery, ReferenceStore, Wanted, Wrap};

/// What a store may do, and the reference store does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StoreFreedom {
    /// Batches have one event.
    BatchesOfOne,
    /// What is truncated is refused by the first batch.
    RefusesLate,
    /// What does not match is looked over at once.
    LooksAhead,
    /// Events are read ahead, and come though they are truncated meanwhile.
    ReadsAhead,
    /// What is committed after the query was made comes, too.
    SeesWhatComes,
    /// The messages of truncated events are known for ever.
    ForgetsNothing,
    /// An append that takes long gets its offsets when it is committed, behind all others.
    LateCommitsComeLast,
    /// Calls wait for something else, too, before and after they look.
    TakesItsTime,
}

impl Wrap for StoreFreedom {
    type Store = FreeStore;

    fn wrap(&self, inner: ReferenceStore) -> FreeStore {
        FreeStore { freedom: *self, inner }
    }

    async fn slow_append(
        &self,
        _store: &FreeStore,
        reference: ReferenceStore,
        parcels: Vec<Parcel>,
    ) -> SlowAppend {
        let lock = match self {
            Self::LateCommitsComeLast => None,
            _ => Some(reference.data.write_lock().await),
        };
        SlowAppend::new(async move {
            let range = reference.data.append(&reference.application, parcels, Expect::Any);
            drop(lock);
            range
        })
    }
}

pub struct FreeStore {
    freedom: StoreFreedom,
    inner: ReferenceStore,
}

impl FreeStore {
    async fn take_time(&self) {
        if self.freedom == StoreFreedom::TakesItsTime {
            yield_now().await;
            yield_now().await;
        }
    }

    fn query(&self, inner: ReferenceQuery) -> FreeQuery {
        let mut query = FreeQuery { freedom: self.freedom, inner, ready: VecDeque::new() };
        query.look_ahead();
        query
    }
}

impl EventRepository for FreeStore {
    type Query = FreeQuery;

    async fn next_offset(&self) -> Result<u64> {
        self.take_time().await;
        self.inner.next_offset().await
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<FreeQuery> {
        self.take_time().await;
        let query = match self.freedom {
            StoreFreedom::RefusesLate => self.inner.query(Wanted::Types(types), offset),
            _ => self.inner.load_by_type(types, offset).await?,
        };
        self.take_time().await;
        Ok(self.query(query))
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<FreeQuery> {
        self.take_time().await;
        Ok(self.query(self.inner.load_by_source(handler_key, instance_id).await?))
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.take_time().await;
        let next = self.inner.wait_for(offset).await?;
        self.take_time().await;
        Ok(next)
    }
}

impl EventStore for FreeStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        self.take_time().await;
        let range = self.inner.append(parcels, expect).await?;
        // It may be dropped here, though it has committed.
        self.take_time().await;
        Ok(range)
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        self.take_time().await;
        if self.freedom == StoreFreedom::ForgetsNothing {
            return self.inner.data.truncate_all_but_ids(before);
        }
        self.inner.truncate(before).await
    }
}

pub struct FreeQuery {
    freedom: StoreFreedom,
    inner: ReferenceQuery,
    /// Read, and not returned yet.
    ready: VecDeque<Event>,
}

impl FreeQuery {
    fn look_ahead(&mut self) {
        if self.freedom == StoreFreedom::LooksAhead {
            match self.inner.peek() {
                Ok(Some(event)) => self.inner.position = event.offset,
                Ok(None) => self.inner.position = self.inner.position.max(self.inner.end),
                Err(_) => {}
            }
        }
    }
}

impl EventQuery for FreeQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let (read, most) = match self.freedom {
            StoreFreedom::BatchesOfOne => (1, 1),
            StoreFreedom::ReadsAhead => (20, 3),
            StoreFreedom::TakesItsTime => (2, 2),
            _ => (max, max),
        };
        if self.freedom == StoreFreedom::TakesItsTime {
            yield_now().await;
        }
        if self.freedom == StoreFreedom::SeesWhatComes {
            self.inner.end = self.inner.data.end();
        }
        if self.ready.is_empty() && max > 0 {
            let mut events = Vec::new();
            self.inner.next_batch(&mut events, read).await?;
            self.ready = events.into();
        }
        if self.freedom == StoreFreedom::TakesItsTime {
            yield_now().await;
        }
        let count = self.ready.len().min(max).min(most);
        buf.extend(self.ready.drain(..count));
        self.look_ahead();
        Ok(count)
    }

    fn position(&self) -> u64 {
        self.ready.front().map_or(self.inner.position, |event| event.offset)
    }
}
