use std::{error::Error as _, time::Duration};

use eventstream_core::{Cursor, Error, EventStream, EventTypes};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkError, NetworkServer, NetworkStream, Protocol};
use tokio::net::TcpListener;

use crate::support::{Running, application, parcel, parcels, proxy::Proxy};

fn is_lost(error: &Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    error.is_retryable() && matches!(source, Some(NetworkError::Lost { .. }))
}

#[tokio::test]
async fn a_lost_connection_is_a_retryable_error_and_the_next_cursor_has_another() {
    let declared = EventTypes::from("a");
    let stream = MemoryStream::builder(application()).event_types(declared).build();
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    let proxy = Proxy::to(server.address()).await;
    for protocol in [Protocol::Ours, Protocol::A, Protocol::B] {
        let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
        let remote = remote.protocol(protocol);
        let offset = stream.next_offset();
        let mut cursor = remote.open(offset, "a".into()).await.unwrap();
        stream.append_one(parcel(offset, "a")).unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, offset);
        proxy.cut();
        for _ in 0..2 {
            let error = cursor.next().await.unwrap_err();
            assert!(is_lost(&error), "{error:?}");
        }
        assert_eq!(cursor.position(), offset + 1);
        let mut cursor = remote.open(offset, "a".into()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, offset);
    }
}

#[tokio::test]
async fn what_has_come_before_the_connection_was_lost_is_delivered() {
    let stream = MemoryStream::new(application());
    stream.append(parcels(0..20, "a")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    let proxy = Proxy::to(server.address()).await;
    let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
    let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 0);
    proxy.cut();
    for offset in 1..20 {
        assert_eq!(cursor.next().await.unwrap().offset, offset);
    }
    assert!(is_lost(&cursor.next().await.unwrap_err()));
}

#[tokio::test]
async fn nobody_there_is_a_retryable_error() {
    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = NetworkStream::connect(&endpoint, application()).await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    assert!(error.is_retryable() && matches!(source, Some(NetworkError::Connect { .. })));

    let error = NetworkStream::connect("localhost", application()).await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    assert!(!error.is_retryable() && matches!(source, Some(NetworkError::Endpoint { .. })));
}

/// As a machine that has vanished: what is sent is taken, and nothing comes back.
#[tokio::test]
async fn a_server_that_has_fallen_silent_is_a_retryable_error() {
    let stream = MemoryStream::new(application());
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let proxy = Proxy::to(server.address()).await;
    let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
    let remote = remote.heartbeat(Duration::from_millis(100));
    let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
    // It is quiet for longer than that, and there all the same.
    let waited = tokio::time::timeout(Duration::from_millis(700), cursor.next()).await;
    assert!(waited.is_err(), "{waited:?}");
    assert!(cursor.is_at_tail());
    proxy.swallow();
    let error = cursor.next().await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    assert!(
        error.is_retryable() && matches!(source, Some(NetworkError::Timeout { .. })),
        "{error:?}"
    );
}
