use std::{
    error::Error as _,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use eventstream_core::{
    Cursor, Error, EventStore, EventStream, EventTypes, Expect, Format, Marshaler, Message, Parcel,
};
use eventstream_memory::MemoryStream;
use eventstream_network::{
    Hosted, NetworkClient, NetworkError, NetworkServer, NetworkStream, Protocol, Protocols,
};
use eventstream_persisted::EmbeddedStore;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::support::{Running, application, parcels};

#[tokio::test]
async fn the_best_protocol_that_the_server_speaks_is_found_out() {
    let declared = EventTypes::from_iter(["a", "b"]);
    let stream = MemoryStream::builder(application()).event_types(declared.clone()).build();
    stream.append(parcels(0..3, "a")).unwrap();
    let all = [Protocol::Ours, Protocol::A, Protocol::B];
    for (spoken, known) in [
        (Protocols::all(), &all[..]),
        (Protocols::none().with_a().with_b(), &all[1..]),
        (Protocols::none().with_b(), &all[2..]),
    ] {
        let expected = known[0];
        let builder = NetworkServer::builder().host(stream.clone()).protocols(spoken);
        let server = Running::start(builder).await;
        let client = NetworkClient::connect(&server.endpoint).await.unwrap();
        assert_eq!(client.protocols().await.unwrap(), known);
        let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
        assert_eq!(remote.event_types().await.unwrap(), declared);
        let mut cursor = remote.open(1, EventTypes::any()).await.unwrap();
        assert_eq!(cursor.protocol(), expected);
        assert_eq!(cursor.next().await.unwrap().offset, 1);
        let end = remote.end().await.unwrap();
        assert_eq!(end, (expected == Protocol::Ours).then_some(3));
    }
    let builder = NetworkServer::builder().host(stream.clone()).protocols(Protocols::none());
    let server = Running::start(builder).await;
    let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
    let error = remote.open(0, "a".into()).await.unwrap_err();
    assert!(matches!(error, Error::Backend { retryable: false, .. }), "{error:?}");
}

#[tokio::test]
async fn all_of_an_open_stream_can_be_had_by_our_protocol_only() {
    let stream = MemoryStream::new(application());
    stream.append(parcels(0..1, "a")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    for protocol in [Protocol::A, Protocol::B] {
        let remote = NetworkStream::connect(&server.endpoint, application()).await.unwrap();
        let remote = remote.protocol(protocol);
        assert_eq!(remote.event_types().await.unwrap(), EventTypes::any());
        let error = remote.open(0, EventTypes::any()).await.unwrap_err();
        let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
        assert!(matches!(source, Some(NetworkError::NotCarried { .. })), "{error:?}");
        let mut cursor = remote.open(0, "a".into()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 0);
    }
}

#[tokio::test]
async fn of_a_store_all_types_can_be_had_that_are_known_when_they_are_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(path).create_for(application()).open().await.unwrap();
    store.append(parcels(0..2, "a"), Expect::Any).await.unwrap();
    store.append(parcels(2..3, "b"), Expect::Any).await.unwrap();
    let builder = NetworkServer::builder().host(store.stream(EventTypes::any()));
    let server = Running::start(builder).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let known = EventTypes::from_iter(["a", "b"]);
    for protocol in [Protocol::A, Protocol::B] {
        let remote = client.stream(application()).protocol(protocol);
        assert_eq!(remote.event_types().await.unwrap(), known);
        let mut cursor = remote.open(1, EventTypes::any()).await.unwrap();
        let found = [cursor.next().await.unwrap(), cursor.next().await.unwrap()];
        assert_eq!(found.map(|event| event.offset), [1, 2]);
    }
    let ours = client.stream(application());
    assert_eq!(ours.event_types().await.unwrap(), EventTypes::any());
    let info = client.describe(&application().key).await.unwrap();
    assert_eq!(info.event_types, EventTypes::any());
    assert_eq!(info.media_types.into_keys().collect::<EventTypes>(), known);
}

#[derive(Serialize, Deserialize)]
struct Paid {
    amount: u64,
}

impl Message for Paid {
    const TYPE: &'static str = "paid";
}

#[tokio::test]
async fn events_come_in_the_media_type_that_is_preferred() {
    let marshaler = Marshaler::new([Format::Json, Format::Cbor]).message::<Paid>();
    let payload = marshaler.marshal(&Paid { amount: 7 }).unwrap();
    let envelope = eventstream_core::Envelope {
        data: payload.data,
        ..eventstream_core::Envelope::new("m-1", application(), "paid", payload.media_type)
    };
    let stream = MemoryStream::builder(application()).event_types("paid".into()).build();
    stream.append_one(Parcel::seal(envelope).unwrap()).unwrap();
    let hosted = Hosted::new(stream).marshaler(marshaler.clone());
    let server = Running::start(NetworkServer::builder().application(hosted)).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();

    for protocol in [Protocol::Ours, Protocol::A] {
        let remote = client.stream(application()).protocol(protocol);
        let cbor = remote.clone().media_types(["text/html", "application/cbor"]);
        let mut cursor = cbor.open(0, "paid".into()).await.unwrap();
        let event = cursor.next().await.unwrap();
        assert_eq!(event.parcel.media_type(), "application/cbor");
        assert_eq!(marshaler.unmarshal::<Paid>(&event.parcel).unwrap().amount, 7);

        // Some servers only say so with the first event.
        let error = match remote.media_types(["text/html"]).open(0, "paid".into()).await {
            Ok(mut cursor) => cursor.next().await.unwrap_err(),
            Err(error) => error,
        };
        let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
        assert!(matches!(source, Some(NetworkError::Refused { code: 3, .. })), "{error:?}");
    }
    let info = client.describe("app-key").await.unwrap();
    assert_eq!(client.applications().await.unwrap(), [application()]);
    assert_eq!((info.oldest_offset, info.next_offset), (Some(0), Some(1)));
    assert_eq!(info.media_types["paid"], ["application/json", "application/cbor"]);
}

/// The oldest offset is found out though there is no event that the stream would deliver.
#[tokio::test]
async fn a_stream_without_an_event_that_it_declares_is_described() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(path).create_for(application()).open().await.unwrap();
    store.append(parcels(0..3, "b"), Expect::Any).await.unwrap();
    let server = Running::start(NetworkServer::builder().host(store.stream("a".into()))).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let described = client.describe("app-key");
    let info = tokio::time::timeout(Duration::from_secs(60), described).await.unwrap().unwrap();
    assert_eq!((info.oldest_offset, info.next_offset), (Some(0), Some(3)));
}

/// Speaks B, and knows no application; but what stands before it is not ready at first.
async fn not_ready_at_first(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    let is_ready = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        let response = Response::builder().header("content-type", "application/grpc");
        let response = if !is_ready.swap(true, Ordering::Relaxed) {
            response.status(503)
        } else if request.uri().path().starts_with("/dogma.messaging.v1.EventStream/") {
            response.header("grpc-status", "5")
        } else {
            response.header("grpc-status", "12")
        };
        std::future::ready(response.body(Empty::<Bytes>::new()))
    });
    let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    drop(http2.serve_connection(TokioIo::new(stream), service).await);
}

#[tokio::test]
async fn what_is_over_in_a_moment_does_not_say_what_is_spoken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asking = async {
        let remote = NetworkStream::connect(&endpoint, application()).await.unwrap();
        let error = remote.event_types().await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        let error = remote.event_types().await.unwrap_err();
        let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
        assert!(matches!(source, Some(NetworkError::Refused { code: 5, .. })), "{error:?}");
    };
    tokio::select! {
        () = asking => {}
        () = not_ready_at_first(listener) => panic!("the connection was closed"),
    }
}

/// More than a server lets a client have over one connection.
#[tokio::test]
async fn so_many_cursors_that_one_connection_is_not_enough() {
    let stream = MemoryStream::new(application());
    stream.append(parcels(0..1, "a")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.stream(application());
    let mut cursors = Vec::new();
    for _ in 0..300 {
        let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 0);
        cursors.push(cursor);
    }
    assert_eq!(client.applications().await.unwrap(), [application()]);
}
