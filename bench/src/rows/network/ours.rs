//! Ours, at both ends.

use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServerBuilder, NetworkStream, Protocol};
use eventstream_persisted::EmbeddedStore;
use tokio::net::TcpListener;

use crate::workload::{all_types, application, parcels};

pub fn memory(events: u64) -> MemoryStream {
    let stream = MemoryStream::builder(application())
        .event_types(all_types())
        .buffer_size(usize::try_from(events.max(10_000)).expect("a size"))
        .build();
    for first in (0..events).step_by(1_000) {
        stream.append(parcels(first, 1_000, 128)).expect("append");
    }
    stream
}

pub async fn embedded(directory: &std::path::Path, events: u64) -> EmbeddedStore {
    let builder = EmbeddedStore::builder(directory.join("store")).create_for(application());
    let store = builder.open().await.expect("a store");
    for first in (0..events).step_by(1_000) {
        store.append(parcels(first, 1_000, 128), Expect::Any).await.expect("append");
    }
    store.compact().await.expect("compact");
    store
}

pub async fn serve(listener: TcpListener, builder: NetworkServerBuilder) {
    let server = builder.build().expect("a server");
    server.serve(listener, std::future::pending()).await.expect("it serves");
}

pub async fn connect(url: &str, protocol: Protocol) -> NetworkStream {
    let stream = NetworkStream::connect(url, application()).await.expect("a connection");
    stream.protocol(protocol)
}

pub async fn read(stream: NetworkStream, events: u64, max: usize) {
    let mut cursor = stream.open(0, EventTypes::any()).await.expect("open");
    let mut left = events;
    let mut batch = Vec::with_capacity(max);
    while left > 0 {
        left -= (cursor.next_batch(&mut batch, max).await.expect("next") as u64).min(left);
        std::hint::black_box(&batch);
        batch.clear();
    }
}
