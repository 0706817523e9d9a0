use std::time::Duration;

use eventstream_core::{Cursor, Envelope, Error, EventStream, EventTypes, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkClient, NetworkServer};

use crate::{
    slow_stream::SlowStream,
    support::{Running, application, parcel, parcels},
};

/// Cursors that share a connection don't hold each other up, though one of them is never read.
#[tokio::test]
async fn who_does_not_read_holds_up_nobody_else() {
    let stream = MemoryStream::builder(application()).buffer_size(1_000).build();
    for id in 0..500 {
        let envelope = Envelope {
            data: vec![0; 16 << 10].into(),
            ..Envelope::new(format!("large-{id}"), application(), "large", "text/plain")
        };
        stream.append_one(Parcel::seal(envelope).unwrap()).unwrap();
    }
    stream.append_one(parcel(500, "small")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.stream(application()).prefetch(0);
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(remote.open(0, EventTypes::any()).await.unwrap());
    }
    let read = async {
        let mut cursor = remote.open(0, "small".into()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 500);
        let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
        for offset in 0..=500 {
            assert_eq!(cursor.next().await.unwrap().offset, offset);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), read).await.unwrap();
    for cursor in &mut unread {
        assert_eq!(cursor.next().await.unwrap().offset, 0);
    }
}

/// Neither what is said meanwhile, nor that it is looked where the cursor is, keeps a read that takes
/// long from getting done, or from failing.
#[tokio::test]
async fn a_slow_read_gets_done_and_a_slow_failure_is_said() {
    let stream = SlowStream { takes: Duration::from_secs(3) };
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.stream(application()).heartbeat(Duration::from_millis(500));
    let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
    let wait = Duration::from_secs(60);
    let event = tokio::time::timeout(wait, cursor.next()).await.unwrap().unwrap();
    assert_eq!(event.offset, 0);
    let error = tokio::time::timeout(wait, cursor.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Backend { retryable: false, .. }), "{error:?}");
}

/// What is passed over by a stream that was quiet is told long before there is a heartbeat.
#[tokio::test]
async fn a_position_that_moves_after_a_quiet_time_is_told_soon() {
    let stream = MemoryStream::new(application());
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.stream(application()).heartbeat(Duration::from_secs(3_600));
    let mut cursor = remote.open(0, "a".into()).await.unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(700), cursor.next()).await;
    assert!(quiet.is_err() && cursor.is_at_tail());
    for end in 1..=3 {
        stream.append(parcels(end - 1..end, "b")).unwrap();
        let mut events = Vec::new();
        let told = cursor.next_batch_until(end, &mut events, 1);
        assert_eq!(tokio::time::timeout(Duration::from_secs(60), told).await.unwrap().unwrap(), 0);
        assert_eq!(cursor.position(), end);
    }
}
