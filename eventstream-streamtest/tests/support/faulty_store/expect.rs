//! The faults of what an append expects.

use std::ops::Range;

use eventstream_core::{Error, Expect, Parcel, Result};

use super::{StoreFault, store::FaultyStore};

impl FaultyStore {
    /// What becomes of an append, if this fault is one of these.
    pub(super) fn expect_with_faults(
        &self,
        fault: StoreFault,
        parcels: &[Parcel],
        expect: Expect,
    ) -> Option<Result<Range<u64>>> {
        let end = self.inner.data.end();
        let append = |expect| Some(self.inner_append(parcels.to_vec(), expect));
        match (fault, expect) {
            (StoreFault::IgnoresTheExpectation, _) => append(Expect::Any),
            (StoreFault::ExpectsTheLast, Expect::Offset(offset)) => {
                append(Expect::Offset(offset.saturating_add(1)))
            }
            (StoreFault::ExpectsAtMost, Expect::Offset(offset)) if offset <= end => {
                append(Expect::Any)
            }
            (StoreFault::ConflictNamesOneOffset, Expect::Offset(expected)) if expected != end => {
                Some(Err(Error::OffsetConflict { expected, actual: expected }))
            }
            (StoreFault::ConflictStores, Expect::Offset(offset)) if offset != end => {
                let conflict = append(expect);
                append(Expect::Any)?.ok();
                conflict
            }
            _ => None,
        }
    }
}
