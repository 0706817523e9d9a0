use std::time::Duration;

use eventstream_core::{Cursor, EventStream, EventTypes};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, NetworkStream};
use tokio::time::timeout;

use crate::support::{Running, application, parcels};

#[tokio::test]
async fn an_end_is_found_whether_or_not_events_match() {
    let stream = MemoryStream::builder(application()).buffer_size(500).build();
    stream.append(parcels(0..10, "a")).unwrap();
    stream.append(parcels(10..500, "b")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    for prefetch in [0, 1, 1_000] {
        let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
        let remote = remote.prefetch(prefetch);
        for (types, end, expected) in [
            (EventTypes::any(), 500, 500),
            (EventTypes::any(), 7, 7),
            ("a".into(), 500, 10),
            ("b".into(), 10, 0),
            ("none".into(), 500, 0),
            (EventTypes::any(), 0, 0),
        ] {
            let mut cursor = remote.open(0, types).await.unwrap();
            let mut events = Vec::new();
            let read =
                async { while cursor.next_batch_until(end, &mut events, 3).await.unwrap() > 0 {} };
            timeout(Duration::from_secs(60), read).await.expect("it has to find the end");
            // A batch may go beyond it.
            events.retain(|event| event.offset < end);
            assert_eq!(events.len(), expected, "prefetch {prefetch}, end {end}");
            assert!(cursor.position() >= end);
        }
    }
}

#[tokio::test]
async fn what_was_waited_for_in_vain_is_not_lost() {
    let stream = MemoryStream::new(application());
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
    let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
    let mut events = Vec::new();
    let waiting = timeout(Duration::from_millis(50), cursor.next_batch_until(3, &mut events, 10));
    assert!(waiting.await.is_err());
    stream.append(parcels(0..3, "a")).unwrap();
    while cursor.next_batch_until(3, &mut events, 10).await.unwrap() > 0 {}
    assert_eq!(events.iter().map(|event| event.offset).collect::<Vec<_>>(), [0, 1, 2]);
    cursor.close_handle().close().unwrap();
    assert!(cursor.next_batch_until(4, &mut events, 10).await.is_err());
}
