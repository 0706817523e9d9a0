use std::time::Duration;

use eventstream_core::{Cursor, Error, EventStream, EventTypes};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, NetworkStream, Protocol};

use crate::support::{Running, application, parcels};

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_its_streams_and_is_gone() {
    let declared = EventTypes::from("a");
    let stream = MemoryStream::builder(application()).event_types(declared).build();
    stream.append(parcels(0..3, "a")).unwrap();
    // It would take forever if something did not end.
    let server = NetworkServer::builder().host(stream).build().unwrap();
    let server = Running::start_server(server.drain_timeout(Duration::from_secs(3600))).await;
    let mut cursors = Vec::new();
    for protocol in [Protocol::Ours, Protocol::A, Protocol::B] {
        let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
        let mut cursor = remote.protocol(protocol).open(1, "a".into()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 1);
        cursors.push(cursor);
    }
    server.shutdown.cancel();
    for cursor in &mut cursors {
        // What was on its way comes first.
        while let Ok(event) = cursor.next().await {
            assert_eq!(event.offset, 2);
        }
        let error = cursor.next().await.unwrap_err();
        assert!(matches!(error, Error::Backend { retryable: true, .. }), "{error:?}");
    }
    tokio::time::timeout(Duration::from_secs(60), async {
        while !server.is_finished() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}
