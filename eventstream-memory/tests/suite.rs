//! The conformance suite, on a stream in memory and on the same without its type.

use eventstream_core::{BoxError, DynStream, Identity, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_streamtest::{
    RETAINED_EVENTS, StreamEnv, StreamHarness, event_types, stream_suite,
};

fn start(first_offset: u64) -> MemoryStream {
    MemoryStream::builder(Identity::new("memory", "1c2f7a52-7d0a-4b7e-8f0e-6a5d5a0b3c11"))
        .event_types(event_types())
        .first_offset(first_offset)
        .buffer_size(RETAINED_EVENTS)
        .build()
}

struct MemoryHarness;

impl StreamHarness for MemoryHarness {
    type Env = MemoryStreamEnv;

    async fn start(&self) -> Result<Self::Env, BoxError> {
        Ok(MemoryStreamEnv(start(0)))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Self::Env>, BoxError> {
        Ok(Some(MemoryStreamEnv(start(first_offset))))
    }
}

struct MemoryStreamEnv(MemoryStream);

impl StreamEnv for MemoryStreamEnv {
    type Stream = MemoryStream;

    fn stream(&self) -> &MemoryStream {
        &self.0
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.0.append(parcels)?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.0.truncate(before)?)
    }
}

struct DynHarness;

impl StreamHarness for DynHarness {
    type Env = DynStreamEnv;

    async fn start(&self) -> Result<Self::Env, BoxError> {
        Ok(DynStreamEnv::new(start(0)))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Self::Env>, BoxError> {
        Ok(Some(DynStreamEnv::new(start(first_offset))))
    }
}

struct DynStreamEnv {
    writer: MemoryStreamEnv,
    stream: DynStream,
}

impl DynStreamEnv {
    fn new(stream: MemoryStream) -> Self {
        Self { stream: DynStream::new(stream.clone()), writer: MemoryStreamEnv(stream) }
    }
}

impl StreamEnv for DynStreamEnv {
    type Stream = DynStream;

    fn stream(&self) -> &DynStream {
        &self.stream
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.writer.append(parcels).await
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.writer.truncate(before).await
    }
}

stream_suite!(mod memory: MemoryHarness);
stream_suite!(mod memory_dyn: DynHarness);
