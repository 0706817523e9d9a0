//! The faults of which parcels are stored.

use std::{collections::HashSet, ops::Range};

use eventstream_core::{Envelope, Error, Expect, Parcel, Result};

use super::{StoreFault, store::FaultyStore};

impl FaultyStore {
    /// What becomes of an append, if this fault is one of these.
    pub(super) fn take_with_faults(
        &self,
        fault: StoreFault,
        parcels: &[Parcel],
        expect: Expect,
    ) -> Option<Result<Range<u64>>> {
        let (end, count) = (self.inner.data.end(), parcels.len() as u64);
        let fits = end.checked_add(count).is_some();
        let bytes: usize = parcels.iter().map(|parcel| parcel.wire().len()).sum();
        let refused = |problem| Some(Err(Error::backend("append", false, problem)));
        match fault {
            StoreFault::AppendsPastTheLastOffset if !fits => Some(Ok(end..end)),
            StoreFault::StoresWhatFits if !fits => {
                let fits = usize::try_from(u64::MAX - end).unwrap_or(usize::MAX);
                Some(self.inner_append(parcels[..fits].to_vec(), expect))
            }
            StoreFault::RefusesNothing if count == 0 => refused("there is nothing to be appended"),
            StoreFault::NothingIsAtZero if count == 0 => Some(Ok(0..0)),
            StoreFault::RefusesLargeAppends if bytes > 4 << 20 => {
                refused("there is too much to be appended")
            }
            StoreFault::TakesAnyApplication | StoreFault::TellsApplicationsByName
                if parcels.iter().any(|parcel| !self.is_own(parcel)) =>
            {
                Some(self.append_foreign(fault, parcels, expect))
            }
            StoreFault::StoresWhatIsBesideForeign => {
                let result = self.inner_append(parcels.to_vec(), expect);
                if result.is_err() {
                    let own = parcels.iter().filter(|parcel| self.is_own(parcel)).cloned();
                    self.inner_append(own.collect(), Expect::Any).ok();
                }
                Some(result)
            }
            StoreFault::TakesAnIdTwice => {
                let mut seen = HashSet::new();
                let first = parcels.iter().filter(|parcel| seen.insert(parcel.message_id()));
                Some(self.inner_append(first.cloned().collect(), expect))
            }
            _ => None,
        }
    }

    fn is_own(&self, parcel: &Parcel) -> bool {
        parcel.is_from(&self.inner.application)
    }

    fn append_foreign(
        &self,
        fault: StoreFault,
        parcels: &[Parcel],
        expect: Expect,
    ) -> Result<Range<u64>> {
        let own = &self.inner.application;
        let takes = |parcel: &Parcel| {
            fault == StoreFault::TakesAnyApplication || parcel.source_application().name == own.name
        };
        let adopted = parcels.iter().map(|parcel| {
            if self.is_own(parcel) || !takes(parcel) {
                return Ok(parcel.clone());
            }
            let source_application = own.clone();
            Parcel::seal(Envelope { source_application, ..parcel.to_envelope() })
        });
        self.inner_append(adopted.collect::<Result<_>>()?, expect)
    }
}
