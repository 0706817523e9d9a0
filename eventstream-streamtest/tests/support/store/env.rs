use eventstream_core::{BoxError, EventStore, Expect, Identity, Parcel};
use eventstream_streamtest::{SlowAppend, StoreEnv, StoreHarness, Timing};

use super::{Data, ReferenceStore};
use crate::support::quick;

/// Stores that are made of the reference store, by some kind of wrapping.
#[derive(Clone)]
pub struct Memory<W>(pub W);

/// What is around the reference store.
pub trait Wrap: Clone + Send + Sync + 'static {
    type Store: EventStore;

    fn wrap(&self, store: ReferenceStore) -> Self::Store;
}

/// Nothing is around it.
#[derive(Clone)]
pub struct Bare;

impl Wrap for Bare {
    type Store = ReferenceStore;

    fn wrap(&self, store: ReferenceStore) -> ReferenceStore {
        store
    }
}

pub struct Env<W: Wrap> {
    wrap: W,
    reference: ReferenceStore,
    store: W::Store,
}

impl<W: Wrap> Env<W> {
    pub fn new(wrap: W, data: Data) -> Self {
        let reference = ReferenceStore::new(data);
        let store = wrap.wrap(reference.clone());
        Self { wrap, reference, store }
    }
}

impl<W: Wrap> StoreHarness for Memory<W> {
    type Env = Env<W>;

    async fn start(&self) -> Result<Env<W>, BoxError> {
        Ok(Env::new(self.0.clone(), Data::starting_at(0)))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env<W>>, BoxError> {
        Ok(Some(Env::new(self.0.clone(), Data::starting_at(first_offset))))
    }

    fn timing(&self) -> Timing {
        quick()
    }
}

impl<W: Wrap> StoreEnv for Env<W> {
    type Store = W::Store;

    fn store(&self) -> &W::Store {
        &self.store
    }

    fn application(&self) -> &Identity {
        &self.reference.application
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        Ok(Self::new(self.wrap, self.reference.data))
    }

    async fn open_another(&self) -> Result<Option<W::Store>, BoxError> {
        Ok(Some(self.wrap.wrap(self.reference.clone())))
    }

    async fn begin_slow_append(
        &self,
        parcels: Vec<Parcel>,
    ) -> Result<Option<SlowAppend>, BoxError> {
        let lock = self.reference.data.write_lock().await;
        let ReferenceStore { data, application } = self.reference.clone();
        Ok(Some(SlowAppend::new(async move {
            let range = data.append(&application, parcels, Expect::Any);
            drop(lock);
            range
        })))
    }
}
