use std::time::Duration;

use eventstream_core::{Cursor, Error, EventStore, EventStream, EventTypes, Expect};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, NetworkStream, Protocol};
use eventstream_persisted::EmbeddedStore;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Running, application, parcels, proxy::Proxy};

fn soon(_: u32) -> Duration {
    Duration::from_millis(5)
}

#[tokio::test]
async fn a_cursor_that_resumes_delivers_each_event_once_however_often_it_is_cut() {
    const EVENTS: u64 = 20_000;

    let declared = EventTypes::from("a");
    let stream = MemoryStream::builder(application())
        .event_types(declared)
        .buffer_size(usize::try_from(EVENTS).unwrap())
        .build();
    stream.append(parcels(0..EVENTS, "a")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let proxy = Proxy::to(server.address()).await;
    for protocol in [Protocol::Ours, Protocol::A, Protocol::B] {
        let remote = NetworkStream::connect(&proxy.endpoint, application())
            .await
            .unwrap()
            .protocol(protocol)
            .prefetch(10)
            .resume(soon);
        let mut cursor = remote.open(0, "a".into()).await.unwrap();
        let mut events = Vec::new();
        let mut next = 0;
        while next < EVENTS {
            cursor.next_batch(&mut events, 500).await.unwrap();
            for event in events.drain(..) {
                assert_eq!(event.offset, next);
                assert_eq!(event.parcel.message_id(), format!("m-{next}"));
                next += 1;
            }
            assert_eq!(cursor.position(), next);
            if next % 4 == 0 {
                proxy.cut();
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_greets_and_is_gone_again_is_left_alone_for_longer_and_longer() {
    let builder = NetworkServer::builder().host(MemoryStream::new(application()));
    let server = Running::start(builder).await;
    let proxy = Proxy::to(server.address()).await;
    let (asked, mut attempts) = mpsc::unbounded_channel();
    let backoff = move |attempt| {
        let _ = asked.send(attempt);
        Duration::from_millis(1)
    };
    let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
    let mut cursor = remote.resume(backoff).open(0, EventTypes::any()).await.unwrap();
    let reading = tokio::spawn(async move { cursor.next().await.map(drop) });
    let cutting = tokio::spawn(async move {
        loop {
            // Long enough for the server to greet, as a rule.
            tokio::time::sleep(Duration::from_millis(20)).await;
            proxy.cut();
        }
    });
    for expected in 1..=20 {
        assert_eq!(attempts.recv().await, Some(expected));
    }
    cutting.abort();
    reading.abort();
}

#[tokio::test]
async fn a_quiet_stream_that_was_open_for_long_is_no_failure_in_a_row() {
    let stream = MemoryStream::builder(application()).event_types("a".into()).build();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    for protocol in [Protocol::A, Protocol::B] {
        let proxy = Proxy::to(server.address()).await;
        let (asked, mut attempts) = mpsc::unbounded_channel();
        let backoff = move |attempt| {
            let _ = asked.send(attempt);
            Duration::from_millis(1)
        };
        let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
        let remote = remote.protocol(protocol).heartbeat(Duration::from_millis(1)).resume(backoff);
        let mut cursor = remote.open(0, "a".into()).await.unwrap();
        let reading = tokio::spawn(async move { cursor.next().await.map(drop) });
        for _ in 0..2 {
            // Far longer than the heartbeat.
            tokio::time::sleep(Duration::from_secs(1)).await;
            proxy.cut();
            assert_eq!(attempts.recv().await, Some(1), "{protocol:?}");
        }
        reading.abort();
    }
}

#[tokio::test]
async fn types_that_are_gone_when_it_resumes_are_said_as_such() {
    let serve = |declared: &str| {
        let stream = MemoryStream::builder(application()).event_types(declared.into()).build();
        Running::start(NetworkServer::builder().host(stream))
    };
    let (first, second) = (serve("a").await, serve("b").await);
    let proxy = Proxy::to(first.address()).await;
    let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
    let remote = remote.protocol(Protocol::A).resume(soon);
    let mut cursor = remote.open(0, "a".into()).await.unwrap();
    proxy.retarget(second.address());
    proxy.cut();
    for _ in 0..2 {
        let error = cursor.next().await.unwrap_err();
        assert!(matches!(error, Error::UnsupportedEventTypes { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_cursor_that_resumes_waits_for_a_server_that_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(path).create_for(application()).open().await.unwrap();
    let serve = || NetworkServer::builder().host(store.stream(EventTypes::any()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Running::start_on(serve().build().unwrap(), listener);
    let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
    let mut cursor = remote.resume(soon).open(0, EventTypes::any()).await.unwrap();
    store.append(parcels(0..2, "a"), Expect::Any).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 0);

    server.shutdown.cancel();
    while !server.is_finished() {
        tokio::task::yield_now().await;
    }
    store.append(parcels(2..4, "a"), Expect::Any).await.unwrap();
    let reading = tokio::spawn(async move {
        let mut offsets = Vec::new();
        while offsets.len() < 3 {
            offsets.push(cursor.next().await.unwrap().offset);
        }
        offsets
    });
    let listener = TcpListener::bind(address).await.unwrap();
    let _server = Running::start_on(serve().build().unwrap(), listener);
    assert_eq!(reading.await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_cursor_does_not_resume_on_a_stream_that_has_taken_the_place_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let mut servers = Vec::new();
    for name in ["one", "other"] {
        let builder = EmbeddedStore::builder(directory.path().join(name));
        let store = builder.create_for(application()).open().await.unwrap();
        store.append(parcels(0..2, "a"), Expect::Any).await.unwrap();
        let builder = NetworkServer::builder().host(store.stream(EventTypes::any()));
        servers.push(Running::start(builder).await);
    }
    let proxy = Proxy::to(servers[0].address()).await;
    let remote = NetworkStream::connect(&proxy.endpoint, application()).await.unwrap();
    let mut cursor = remote.resume(soon).open(0, EventTypes::any()).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        cursor.next_batch(&mut events, 2).await.unwrap();
    }
    proxy.retarget(servers[1].address());
    proxy.cut();
    let error = cursor.next().await.unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    assert_eq!(cursor.position(), 2);
}
