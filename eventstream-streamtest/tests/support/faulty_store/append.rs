//! The faults of appending.

use std::{collections::HashSet, ops::Range, sync::atomic::Ordering};

use eventstream_core::{Envelope, Error, Expect, Parcel, Result};
use tokio::task::yield_now;

use super::{StoreFault, store::FaultyStore};

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
        yield_now().await;
        let range = self.commit(parcels, Expect::Any).await?;
        Ok(start..start + (range.end - range.start))
    }

    fn inner_append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        self.inner.data.append(&self.inner.application, parcels, expect)
    }

    fn check_expected(&self, expect: Expect) -> Result<()> {
        let actual = self.inner.data.end();
        match expect {
            Expect::Offset(expected) if expected != actual => {
                Err(Error::OffsetConflict { expected, actual })
            }
            _ => Ok(()),
        }
    }

    /// Where the first of the parcels is stored that is.
    fn stored(&self, parcels: &[Parcel]) -> Option<u64> {
        parcels.iter().find_map(|parcel| self.offset_of(parcel))
    }

    fn offset_of(&self, parcel: &Parcel) -> Option<u64> {
        let data = &self.inner.data;
        let is_it = |other: &Parcel| other.message_id() == parcel.message_id();
        data.find(data.oldest(), data.end(), is_it).ok().flatten().map(|event| event.offset)
    }

    fn is_own(&self, parcel: &Parcel) -> bool {
        parcel.is_from(&self.inner.application)
    }

    fn commit_locked(&self, parcels: Vec<Parcel>, mut expect: Expect) -> Result<Range<u64>> {
        let data = &self.inner.data;
        let (end, count) = (data.end(), parcels.len() as u64);
        let Some(fault) = self.fault else {
            return self.inner_append(parcels, expect);
        };
        let is_repetition = self.stored(&parcels).is_some() && {
            let first = self.stored(&parcels).unwrap_or_default();
            parcels.iter().zip(first..).all(|(parcel, at)| self.offset_of(parcel) == Some(at))
        };
        match fault {
            StoreFault::AppendsPastTheLastOffset if end.checked_add(count).is_none() => {
                return Ok(end..end);
            }
            StoreFault::StoresWhatFits if end.checked_add(count).is_none() => {
                let fits = usize::try_from(u64::MAX - end).unwrap_or(usize::MAX);
                return self.inner_append(parcels[..fits].to_vec(), expect);
            }
            StoreFault::RefusesNothing if count == 0 => {
                return Err(Error::backend("append", false, "there is nothing to be appended"));
            }
            StoreFault::NothingIsAtZero if count == 0 => return Ok(0..0),
            StoreFault::RefusesLargeAppends
                if parcels.iter().map(|parcel| parcel.wire().len()).sum::<usize>() > 4 << 20 =>
            {
                return Err(Error::backend("append", false, "there is too much to be appended"));
            }
            StoreFault::TakesAnyApplication | StoreFault::TellsApplicationsByName
                if parcels.iter().any(|parcel| !self.is_own(parcel)) =>
            {
                return self.append_foreign(fault, parcels, expect);
            }
            StoreFault::StoresWhatIsBesideForeign => {
                let own = parcels.iter().filter(|parcel| self.is_own(parcel)).cloned().collect();
                let result = self.inner_append(parcels, expect);
                if result.is_err() {
                    self.inner_append(own, Expect::Any)?;
                }
                return result;
            }
            StoreFault::TakesAnIdTwice => {
                let mut seen = HashSet::new();
                let mut parcels = parcels;
                parcels.retain(|parcel| seen.insert(parcel.message_id().to_owned()));
                return self.inner_append(parcels, expect);
            }
            StoreFault::IgnoresTheExpectation => expect = Expect::Any,
            StoreFault::ExpectsTheLast => {
                if let Expect::Offset(offset) = &mut expect {
                    *offset = offset.saturating_add(1);
                }
            }
            StoreFault::ExpectsAtMost => {
                if matches!(expect, Expect::Offset(offset) if offset <= end) {
                    expect = Expect::Any;
                }
            }
            StoreFault::ConflictStores => {
                let result = self.inner_append(parcels.clone(), expect);
                if matches!(result, Err(Error::OffsetConflict { .. })) {
                    self.inner_append(parcels, Expect::Any)?;
                }
                return result;
            }
            StoreFault::FailsTheNext => {
                if self.shared.has_failed.swap(false, Ordering::SeqCst) {
                    return Err(Error::backend("append", true, "the commit was given up"));
                }
                let result = self.inner_append(parcels, expect);
                self.shared.has_failed.store(result.is_err(), Ordering::SeqCst);
                return result;
            }
            StoreFault::StoresRepetitions => data.forget_ids(),
            StoreFault::OthersKnowNoMessages if self.is_other => data.forget_ids(),
            StoreFault::RefusesRepetitions if is_repetition => {
                let message_id = parcels[0].message_id().to_owned();
                let offset = self.stored(&parcels).unwrap_or_default();
                return Err(Error::DuplicateMessage { message_id, offset });
            }
            StoreFault::RepetitionsAreExpected => self.check_expected(expect)?,
            StoreFault::RepetitionsReturnTheEnd if is_repetition => return Ok(end..end),
            StoreFault::KnowsWholeAppendsOnly if is_repetition => {
                let range = self.inner_append(parcels.clone(), expect)?;
                if self.shared.appended.lock().unwrap().contains(&range) {
                    return Ok(range);
                }
                let message_id = parcels[0].message_id().to_owned();
                return Err(Error::DuplicateMessage { message_id, offset: range.start });
            }
            StoreFault::StoresTheNewOnes | StoreFault::RefusesAndStoresTheNewOnes => {
                let new: Vec<_> = parcels
                    .iter()
                    .filter(|parcel| self.offset_of(parcel).is_none())
                    .cloned()
                    .collect();
                let result = self.inner_append(parcels, expect);
                if matches!(result, Err(Error::DuplicateMessage { .. })) {
                    let stored = self.inner_append(new, expect);
                    return if fault == StoreFault::StoresTheNewOnes { stored } else { result };
                }
                return result;
            }
            StoreFault::NamesTheLastDuplicate => {
                let result = self.inner_append(parcels.clone(), expect);
                if matches!(result, Err(Error::DuplicateMessage { .. })) {
                    let last =
                        parcels.iter().rfind(|parcel| self.offset_of(parcel).is_some()).unwrap();
                    let message_id = last.message_id().to_owned();
                    let offset = self.offset_of(last).unwrap_or_default();
                    return Err(Error::DuplicateMessage { message_id, offset });
                }
                return result;
            }
            StoreFault::LooksAtTheFirstOnly => {
                if let Some(at) = parcels.first().and_then(|first| self.offset_of(first)) {
                    return Ok(at..at + count);
                }
            }
            StoreFault::TakesAnyOrder => {
                let stored: Option<Vec<_>> =
                    parcels.iter().map(|parcel| self.offset_of(parcel)).collect();
                if let Some(first) = stored.and_then(|stored| stored.into_iter().min()) {
                    return Ok(first..first + count);
                }
            }
            StoreFault::LosesSomeAppends
                if self.shared.appends.fetch_add(1, Ordering::SeqCst) % 30 == 29 =>
            {
                return Ok(end..end + count);
            }
            StoreFault::HoldsSomeBack => {
                let held = std::mem::take(&mut *self.shared.held_back.lock().unwrap());
                if held.is_empty() && self.shared.appends.fetch_add(1, Ordering::SeqCst) % 7 == 6 {
                    *self.shared.held_back.lock().unwrap() = parcels;
                    return Ok(end..end + count);
                }
                let range = self.inner_append(parcels, expect)?;
                self.inner_append(held, Expect::Any)?;
                return Ok(range);
            }
            _ => {}
        }
        match self.inner_append(parcels, expect) {
            Ok(range) if fault == StoreFault::ReturnsOneTooFar => {
                Ok(range.start + 1..range.end + 1)
            }
            Err(Error::OffsetConflict { expected, .. })
                if fault == StoreFault::ConflictNamesOneOffset =>
            {
                Err(Error::OffsetConflict { expected, actual: expected })
            }
            result => result,
        }
    }

    fn append_foreign(
        &self,
        fault: StoreFault,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> Result<Range<u64>> {
        let own = &self.inner.application;
        let takes = |parcel: &Parcel| {
            fault == StoreFault::TakesAnyApplication || parcel.source_application().name == own.name
        };
        let adopted = parcels.into_iter().map(|parcel| {
            if self.is_own(&parcel) || !takes(&parcel) {
                return Ok(parcel);
            }
            let source_application = own.clone();
            Parcel::seal(Envelope { source_application, ..parcel.to_envelope() })
        });
        self.inner_append(adopted.collect::<Result<_>>()?, expect)
    }
}
