//! The faults of what is stored already.

use std::ops::Range;

use eventstream_core::{Error, Expect, Parcel, Result};

use super::{StoreFault, store::FaultyStore};

impl FaultyStore {
    /// What becomes of an append, if this fault is one of these.
    pub(super) fn repeat_with_faults(
        &self,
        fault: StoreFault,
        parcels: &[Parcel],
        expect: Expect,
    ) -> Option<Result<Range<u64>>> {
        let data = &self.inner.data;
        let (end, count) = (data.end(), parcels.len() as u64);
        match fault {
            StoreFault::StoresRepetitions => data.forget_ids(),
            StoreFault::OthersKnowNoMessages if self.is_other => data.forget_ids(),
            StoreFault::RepetitionsAreExpected => {
                return self.check_expected(expect).err().map(Err);
            }
            _ => {}
        }
        // Where the first is that is stored, and whether all are, from there on.
        let first = parcels.iter().find(|parcel| self.offset_of(parcel).is_some())?;
        let offset = self.offset_of(first)?;
        let is_repetition =
            parcels.iter().zip(offset..).all(|(parcel, at)| self.offset_of(parcel) == Some(at));
        let range = offset..offset + count;
        let duplicate = |parcel: &Parcel, offset| {
            let message_id = parcel.message_id().to_owned();
            Some(Err(Error::DuplicateMessage { message_id, offset }))
        };
        match fault {
            StoreFault::RefusesRepetitions if is_repetition => duplicate(first, offset),
            StoreFault::RepetitionsReturnTheEnd if is_repetition => Some(Ok(end..end)),
            StoreFault::KnowsWholeAppendsOnly
                if is_repetition && !self.shared.appended.lock().unwrap().contains(&range) =>
            {
                duplicate(first, offset)
            }
            StoreFault::StoresTheNewOnes | StoreFault::RefusesAndStoresTheNewOnes
                if !is_repetition =>
            {
                let new = parcels.iter().filter(|parcel| self.offset_of(parcel).is_none());
                let stored = self.inner_append(new.cloned().collect(), expect);
                if fault == StoreFault::StoresTheNewOnes {
                    return Some(stored);
                }
                duplicate(first, offset)
            }
            StoreFault::NamesTheLastDuplicate if !is_repetition => {
                let last = parcels.iter().rfind(|parcel| self.offset_of(parcel).is_some())?;
                duplicate(last, self.offset_of(last)?)
            }
            StoreFault::LooksAtTheFirstOnly if self.offset_of(&parcels[0]).is_some() => {
                Some(Ok(range))
            }
            StoreFault::TakesAnyOrder => {
                let stored: Option<Vec<_>> =
                    parcels.iter().map(|parcel| self.offset_of(parcel)).collect();
                stored?.into_iter().min().map(|first| Ok(first..first + count))
            }
            _ => None,
        }
    }
}
