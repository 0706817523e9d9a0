//! No case leaves more on a stream or in a store than the harness is told to make room for.

mod support;

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use eventstream_core::{BoxError, EventRepository, EventStore, EventTypes, Expect, Parcel, Result};
use eventstream_streamtest::{
    RETAINED_BYTES, RETAINED_EVENTS, StreamEnv, StreamHarness, check_store, check_stream,
    store_cases, stream_cases,
};
use support::{
    reference::Reference,
    store::{Memory, ReferenceQuery, ReferenceStore, Wrap},
};

#[derive(Clone, Default)]
struct Measured {
    events: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

struct MeasuredEnv {
    stream: Reference,
    most: Measured,
}

impl StreamHarness for Measured {
    type Env = MeasuredEnv;

    async fn start(&self) -> Result<MeasuredEnv, BoxError> {
        Ok(MeasuredEnv { stream: Reference::declaring(0), most: self.clone() })
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<MeasuredEnv>, BoxError> {
        Ok(Some(MeasuredEnv { stream: Reference::declaring(first_offset), most: self.clone() }))
    }
}

impl StreamEnv for MeasuredEnv {
    type Stream = Reference;

    fn stream(&self) -> &Reference {
        &self.stream
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        let result = self.stream.append(parcels).await;
        self.most.measure(self.stream.log.size());
        result
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.stream.truncate(before).await
    }
}

impl Wrap for Measured {
    type Store = MeasuredStore;

    fn wrap(&self, inner: ReferenceStore) -> MeasuredStore {
        MeasuredStore { inner, most: self.clone() }
    }
}

struct MeasuredStore {
    inner: ReferenceStore,
    most: Measured,
}

impl EventRepository for MeasuredStore {
    type Query = ReferenceQuery;

    async fn next_offset(&self) -> Result<u64> {
        self.inner.next_offset().await
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<ReferenceQuery> {
        self.inner.load_by_type(types, offset).await
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<ReferenceQuery> {
        self.inner.load_by_source(handler_key, instance_id).await
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.inner.wait_for(offset).await
    }
}

impl EventStore for MeasuredStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let result = self.inner.append(parcels, expect).await;
        self.most.measure(self.inner.data.size());
        result
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        self.inner.truncate(before).await
    }
}

impl Measured {
    fn measure(&self, (events, bytes): (usize, usize)) {
        self.events.fetch_max(events, Ordering::SeqCst);
        self.bytes.fetch_max(bytes, Ordering::SeqCst);
    }

    fn check(&self, case: &str) {
        let (events, bytes) =
            (self.events.load(Ordering::SeqCst), self.bytes.load(Ordering::SeqCst));
        assert!(events <= RETAINED_EVENTS, "{case}: {events} events");
        assert!(bytes <= RETAINED_BYTES, "{case}: {bytes} bytes");
    }
}

#[test]
fn no_case_leaves_more_on_a_stream_than_it_may() {
    let most = Measured::default();
    for case in stream_cases() {
        check_stream(most.clone(), case.name()).unwrap();
        most.check(case.name());
    }
}

#[test]
fn no_case_leaves_more_in_a_store_than_it_may() {
    let most = Measured::default();
    for case in store_cases() {
        check_store(Memory(most.clone()), case.name()).unwrap();
        most.check(case.name());
    }
}
