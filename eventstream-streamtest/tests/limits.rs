//! No case leaves more on a stream than the harness is told to make room for.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use eventstream_core::{BoxError, Parcel};
use eventstream_streamtest::{
    RETAINED_BYTES, RETAINED_EVENTS, StreamEnv, StreamHarness, check_stream, stream_cases,
};
use support::reference::Reference;

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
        let (events, bytes) = self.stream.log.size();
        self.most.events.fetch_max(events, Ordering::SeqCst);
        self.most.bytes.fetch_max(bytes, Ordering::SeqCst);
        result
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.stream.truncate(before).await
    }
}

#[test]
fn no_case_leaves_more_than_it_may() {
    let most = Measured::default();
    for case in stream_cases() {
        check_stream(most.clone(), case.name()).unwrap();
        let (events, bytes) =
            (most.events.load(Ordering::SeqCst), most.bytes.load(Ordering::SeqCst));
        assert!(events <= RETAINED_EVENTS, "{}: {events} events", case.name());
        assert!(bytes <= RETAINED_BYTES, "{}: {bytes} bytes", case.name());
    }
}
