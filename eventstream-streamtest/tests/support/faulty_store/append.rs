//! The faults of appending.

use std::{ops::Range, sync::atomic::Ordering};

use eventstream_core::{Error, Expect, Parcel, Result};
use tokio::task::yield_now;

use super::{StoreFault, store::FaultyStore};
use crate::support::store::Data;

/// Has the message ids forgotten if it is dropped while it has them.
struct ForgetsIds<'a>(Option<&'a Data>);

impl Drop for ForgetsIds<'_> {
    fn drop(&mut self) {
        if let Some(data) = self.0 {
            data.forget_ids();
        }
    }
}

impl FaultyStore {
    pub(super) async fn append_with_faults(
        &self,
        mut parcels: Vec<Parcel>,
        expect: Expect,
    ) -> Result<Range<u64>> {
        let data = &self.inner.data;
        match self.fault {
            Some(StoreFault::ExpectsBeforeItLocks) => {
                self.check_expected(expect)?;
                yield_now().await;
                return self.commit(parcels, Expect::Any).await;
            }
            Some(StoreFault::LooksBeforeItLocks) => {
                if let Some(range) = self.stored(&parcels).map(|at| at..at + parcels.len() as u64) {
                    return Ok(range);
                }
                yield_now().await;
                let _lock = data.write_lock().await;
                data.forget_ids();
                return self.inner_append(parcels, expect);
            }
            Some(StoreFault::CountsBeforeItLocks) => return self.commit_unlocked(parcels).await,
            Some(StoreFault::OthersTakeNoLock) if self.is_other => {
                return self.commit_unlocked(parcels).await;
            }
            Some(StoreFault::AppendsOneByOne) => {
                let start = data.end();
                for parcel in parcels {
                    self.commit(vec![parcel], Expect::Any).await?;
                    yield_now().await;
                }
                return Ok(start..data.end());
            }
            Some(StoreFault::ShowsTheFirstLater) => {
                let _lock = data.write_lock().await;
                let end = data.end();
                *self.shared.hidden.lock().unwrap() = end..end + 1;
                let range = self.inner_append(parcels, expect);
                for _ in 0..20 {
                    yield_now().await;
                }
                *self.shared.hidden.lock().unwrap() = 0..0;
                return range;
            }
            Some(StoreFault::WakesBeforeTheCommit) => {
                let end = data.end() + parcels.len() as u64;
                self.shared.announced.store(end, Ordering::SeqCst);
                for _ in 0..20 {
                    yield_now().await;
                }
            }
            Some(StoreFault::DroppedAppendsAreUnknown) => {
                let range = self.commit(parcels, expect).await?;
                let mut end = ForgetsIds(Some(data));
                yield_now().await;
                end.0 = None;
                return Ok(range);
            }
            Some(StoreFault::TurnsAppendsAround) => parcels.reverse(),
            _ => {}
        }
        self.commit(parcels, expect).await
    }

    /// With all others held up.
    async fn commit(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let _lock = self.inner.data.write_lock().await;
        let result = self.commit_locked(parcels, expect);
        if let Ok(range) = &result {
            self.shared.appended.lock().unwrap().push(range.clone());
        }
        result
    }

    /// With a range that is looked up before others come between.
    async fn commit_unlocked(&self, parcels: Vec<Parcel>) -> Result<Range<u64>> {
        let start = self.inner.data.end();
        // Time for another one, also where there is but one processor.
        for _ in 0..20 {
            yield_now().await;
        }
        let range = self.commit(parcels, Expect::Any).await?;
        Ok(start..start + (range.end - range.start))
    }

    pub(super) fn inner_append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        self.inner.data.append(&self.inner.application, parcels, expect)
    }

    pub(super) fn check_expected(&self, expect: Expect) -> Result<()> {
        let actual = self.inner.data.end();
        match expect {
            Expect::Offset(expected) if expected != actual => {
                Err(Error::OffsetConflict { expected, actual })
            }
            _ => Ok(()),
        }
    }

    /// Where the first of the parcels is stored that is.
    pub(super) fn stored(&self, parcels: &[Parcel]) -> Option<u64> {
        parcels.iter().find_map(|parcel| self.offset_of(parcel))
    }

    pub(super) fn offset_of(&self, parcel: &Parcel) -> Option<u64> {
        let data = &self.inner.data;
        let is_it = |other: &Parcel| other.message_id() == parcel.message_id();
        data.find(data.oldest(), data.end(), is_it).ok().flatten().map(|event| event.offset)
    }

    fn commit_locked(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let Some(fault) = self.fault else {
            return self.inner_append(parcels, expect);
        };
        let special = self
            .repeat_with_faults(fault, &parcels, expect)
            .or_else(|| self.expect_with_faults(fault, &parcels, expect))
            .or_else(|| self.take_with_faults(fault, &parcels, expect));
        if let Some(result) = special {
            return result;
        }
        let (end, count) = (self.inner.data.end(), parcels.len() as u64);
        match fault {
            StoreFault::LosesSomeAppends
                if self.shared.appends.fetch_add(1, Ordering::SeqCst) % 30 == 29 =>
            {
                Ok(end..end + count)
            }
            StoreFault::ReturnsOneTooFar => {
                let range = self.inner_append(parcels, expect)?;
                Ok(range.start + 1..range.end + 1)
            }
            StoreFault::HoldsSomeBack => {
                let held = std::mem::take(&mut *self.shared.held_back.lock().unwrap());
                if held.is_empty() && self.shared.appends.fetch_add(1, Ordering::SeqCst) % 7 == 6 {
                    *self.shared.held_back.lock().unwrap() = parcels;
                    return Ok(end..end + count);
                }
                let range = self.inner_append(parcels, expect)?;
                self.inner_append(held, Expect::Any)?;
                Ok(range)
            }
            StoreFault::FailsTheNext => {
                if self.shared.has_failed.swap(false, Ordering::SeqCst) {
                    return Err(Error::backend("append", true, "the commit was given up"));
                }
                let result = self.inner_append(parcels, expect);
                self.shared.has_failed.store(result.is_err(), Ordering::SeqCst);
                result
            }
            _ => self.inner_append(parcels, expect),
        }
    }
}
