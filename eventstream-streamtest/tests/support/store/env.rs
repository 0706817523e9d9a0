use eventstream_core::{BoxError, EventStore, Expect, Identity, Parcel};
use eventstream_streamtest::{Profile, SlowAppend, StoreEnv, StoreHarness, Timing};

use super::{Data, ReferenceStore};
use crate::support::quick;

/// Stores that are made of the reference store, by some kind of wrapping.
#[derive(Clone)]
pub struct Memory<W>(pub W);

/// What is around the reference store.
pub trait Wrap: Clone + Send + Sync + 'static {
    type Store: EventStore;

    fn wrap(&self, store: ReferenceStore) -> Self::Store;

    fn timing(&self) -> Timing {
        quick()
    }

    // What is right here makes for faults elsewhere.

    /// What a new store keeps.
    fn data(&self, first_offset: u64) -> Data {
        Data::starting_at(first_offset)
    }

    /// What is left of it when the store is opened again.
    fn reopened(&self, data: Data) -> Data {
        data
    }

    /// Another handle to it.
    fn another(&self, store: ReferenceStore) -> Self::Store {
        self.wrap(store)
    }

    /// An append that waits for its commit.
    fn slow_append(
        &self,
        _store: &Self::Store,
        reference: ReferenceStore,
        parcels: Vec<Parcel>,
    ) -> impl Future<Output = SlowAppend> + Send {
        async move {
            let lock = reference.data.write_lock().await;
            SlowAppend::new(async move {
                let range = reference.data.append(&reference.application, parcels, Expect::Any);
                drop(lock);
                range
            })
        }
    }
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
        Ok(Env::new(self.0.clone(), self.0.data(0)))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env<W>>, BoxError> {
        Ok(Some(Env::new(self.0.clone(), self.0.data(first_offset))))
    }

    fn timing(&self) -> Timing {
        self.0.timing()
    }

    fn profile(&self) -> Profile {
        // Less to do for the cases that have to go past it.
        Profile::full().read_ahead(32)
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
        let data = self.wrap.reopened(self.reference.data);
        Ok(Self::new(self.wrap, data))
    }

    async fn open_another(&self) -> Result<Option<W::Store>, BoxError> {
        Ok(Some(self.wrap.another(self.reference.clone())))
    }

    async fn begin_slow_append(
        &self,
        parcels: Vec<Parcel>,
    ) -> Result<Option<SlowAppend>, BoxError> {
        let reference = self.reference.clone();
        Ok(Some(self.wrap.slow_append(&self.store, reference, parcels).await))
    }
}
