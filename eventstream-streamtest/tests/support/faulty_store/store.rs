use std::{
    collections::{HashSet, VecDeque},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use eventstream_core::{Error, EventRepository, EventStore, EventTypes, Expect, Parcel, Result};
use tokio::sync::oneshot;

use super::{StoreFault, query::FaultyQuery};
use crate::support::store::{ReferenceStore, Wanted};

pub struct FaultyStore {
    pub(super) fault: Option<StoreFault>,
    pub(super) inner: ReferenceStore,
    /// Whether it is a second handle.
    pub(super) is_other: bool,
    pub(super) shared: Arc<Shared>,
}

/// What the calls of a handle have in common.
#[derive(Default)]
pub(super) struct Shared {
    /// Offsets that some query has returned.
    pub(super) taken: Mutex<HashSet<u64>>,
    /// Offsets that no query returns.
    pub(super) hidden: Mutex<Range<u64>>,
    /// Where the next offset will be once the append under way is committed.
    pub(super) announced: AtomicU64,
    pub(super) waits: AtomicUsize,
    pub(super) waiters: Mutex<VecDeque<oneshot::Sender<()>>>,
    pub(super) appends: AtomicUsize,
    pub(super) appended: Mutex<Vec<Range<u64>>>,
    pub(super) held_back: Mutex<Vec<Parcel>>,
    pub(super) has_failed: AtomicBool,
    pub(super) truncations: AtomicUsize,
}

impl FaultyStore {
    pub fn new(fault: Option<StoreFault>, inner: ReferenceStore, is_other: bool) -> Self {
        Self { fault, inner, is_other, shared: Arc::default() }
    }

    pub(super) fn has(&self, fault: StoreFault) -> bool {
        self.fault == Some(fault)
    }

    fn query(&self, wanted: Wanted, position: u64) -> FaultyQuery {
        FaultyQuery::new(self.fault, self.inner.query(wanted, position), self.shared.clone())
    }
}

impl EventRepository for FaultyStore {
    type Query = FaultyQuery;

    async fn next_offset(&self) -> Result<u64> {
        let data = &self.inner.data;
        Ok(match self.fault {
            Some(StoreFault::NextOffsetCountsWhatIsThere) => data.size().0 as u64,
            Some(StoreFault::NextOffsetIsTheLast) => data.end().saturating_sub(1),
            _ => data.end(),
        })
    }

    async fn load_by_type(&self, mut types: EventTypes, mut offset: u64) -> Result<FaultyQuery> {
        let data = &self.inner.data;
        let (oldest, end) = (data.oldest(), data.end());
        match self.fault {
            Some(StoreFault::IgnoresTheFilter) => types = EventTypes::any(),
            Some(StoreFault::TakesOneType) => {
                types = types
                    .names()
                    .map_or(types.clone(), |names| names[..1].iter().cloned().collect());
            }
            Some(StoreFault::IgnoresTheOffset) => offset = oldest,
            Some(StoreFault::BeginsAfterTheOffset) if offset < end => offset += 1,
            Some(StoreFault::BeginsAtTheOldest) => offset = offset.max(oldest),
            Some(StoreFault::BeginsAtTheLast) if offset >= end => {
                offset = end.saturating_sub(1).max(oldest);
            }
            Some(StoreFault::RefusesPastTheEnd) if offset > end => {
                return Err(Error::backend("load", false, "there is no such offset"));
            }
            Some(StoreFault::TruncatesOneMore) if offset == oldest && offset > 0 => {
                return Err(Error::Truncated { requested: offset, oldest: offset + 1 });
            }
            Some(StoreFault::RefusesUnknownTypes) => {
                let matches = |parcel: &Parcel| types.contains(parcel.event_type());
                if offset >= oldest && data.find(oldest, end, matches)?.is_none() && end > 0 {
                    return Err(Error::UnsupportedEventTypes { types });
                }
            }
            _ => {}
        }
        if offset < oldest {
            let oldest = oldest - u64::from(self.has(StoreFault::TruncatedNamesTheGone));
            return Err(Error::Truncated { requested: offset, oldest });
        }
        Ok(self.query(Wanted::Types(types), offset))
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<FaultyQuery> {
        let data = &self.inner.data;
        let wanted = Wanted::Source(handler_key.to_owned(), instance_id.to_owned());
        if self.has(StoreFault::RefusesUnknownSources)
            && data.find(data.oldest(), data.end(), |parcel| wanted.matches(parcel))?.is_none()
        {
            return Err(Error::backend("load", false, "there is no such source"));
        }
        let begin = if self.has(StoreFault::SourcesAreTruncated) { 0 } else { data.oldest() };
        Ok(self.query(wanted, begin))
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.wait(offset).await
    }
}

impl EventStore for FaultyStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let result = self.append_with_faults(parcels, expect).await;
        self.wake_first();
        result
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        let data = &self.inner.data;
        let (oldest, end) = (data.oldest(), data.end());
        self.shared.truncations.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Some(StoreFault::NeverTruncates) => return Ok(()),
            Some(StoreFault::TruncationForgetsAllIds) => data.forget_ids(),
            Some(StoreFault::RefusesBelowTheOldest) if before < oldest => {
                return Err(Error::Truncated { requested: before, oldest });
            }
            Some(StoreFault::BelowTheOldestTruncatesOne) if before < oldest && oldest < end => {
                return data.truncate(oldest + 1);
            }
            Some(StoreFault::TakesPastTheEnd) => return data.truncate(before.min(end)),
            Some(StoreFault::PastTheEndTruncatesAll) => data.truncate(before.min(end))?,
            _ => {}
        }
        data.truncate(before)?;
        if self.has(StoreFault::BeginsAnew) {
            data.restart_at(0);
        }
        Ok(())
    }
}
