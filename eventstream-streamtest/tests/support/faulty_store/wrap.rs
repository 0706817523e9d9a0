use std::sync::{Arc, OnceLock};

use eventstream_core::{Expect, Parcel};
use eventstream_streamtest::{SlowAppend, Timing};

use super::{StoreFault, store::FaultyStore};
use crate::support::store::{Data, ReferenceStore, Wrap};

/// Makes stores that all have the same fault, or none.
#[derive(Clone)]
pub struct FaultyStores {
    fault: Option<StoreFault>,
    timing: Timing,
    data: Arc<OnceLock<Data>>,
}

impl FaultyStores {
    pub fn new(fault: Option<StoreFault>, timing: Timing) -> Self {
        Self { fault, timing, data: Arc::default() }
    }
}

impl Wrap for FaultyStores {
    type Store = FaultyStore;

    fn wrap(&self, store: ReferenceStore) -> FaultyStore {
        FaultyStore::new(self.fault, store, false)
    }

    fn timing(&self) -> Timing {
        self.timing
    }

    fn data(&self, first_offset: u64) -> Data {
        let data = Data::starting_at(first_offset);
        match self.fault {
            Some(StoreFault::SharesData) => self.data.get_or_init(|| data).clone(),
            _ => data,
        }
    }

    fn reopened(&self, data: Data) -> Data {
        match self.fault {
            Some(StoreFault::ReopeningLosesTheLast) => data.forget_last(),
            Some(StoreFault::ReopeningLosesIds) => data.forget_ids(),
            Some(StoreFault::BeginsAnewWhenReopened) => data.restart_at(0),
            _ => {}
        }
        data
    }

    fn another(&self, mut store: ReferenceStore) -> FaultyStore {
        if self.fault == Some(StoreFault::OthersHaveACopy) {
            store.data = store.data.copy();
        }
        FaultyStore::new(self.fault, store, true)
    }

    async fn slow_append(
        &self,
        store: &FaultyStore,
        reference: ReferenceStore,
        parcels: Vec<Parcel>,
    ) -> SlowAppend {
        let ReferenceStore { data, application } = reference;
        if self.fault == Some(StoreFault::LateCommitsAreLate) {
            let shared = store.shared.clone();
            let range = data.append(&application, parcels, Expect::Any);
            *shared.hidden.lock().unwrap() = range.as_ref().unwrap().clone();
            return SlowAppend::new(async move {
                *shared.hidden.lock().unwrap() = 0..0;
                range
            });
        }
        let lock = data.write_lock().await;
        SlowAppend::new(async move {
            let range = data.append(&application, parcels, Expect::Any);
            drop(lock);
            range
        })
    }
}
