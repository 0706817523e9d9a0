//! Servers that are there, and say nothing.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use bytes::Bytes;
use eventstream_core::{Cursor, EventRepository, EventStream, EventTypes};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, NetworkStream, Protocol};
use http::Response;
use http_body::{Body, Frame};
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::TcpListener,
    runtime,
    sync::{oneshot, watch},
    time::timeout,
};

use crate::{
    reading::{Reading, assert_lost},
    remote::{HEARTBEAT, NOTICED, PROTOCOLS, client, remote, soon},
    support::{Running, application, parcels},
};

#[tokio::test]
async fn a_server_that_never_answers_is_noticed_by_all_who_ask() {
    // The kernel takes the connections, and nobody looks after them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    for protocol in PROTOCOLS {
        let remote = remote(&endpoint, protocol).await;
        let opened = timeout(NOTICED, remote.open(0, Reading::all().types())).await;
        assert_lost(&opened.expect("opening hangs").unwrap_err());
        let types = timeout(NOTICED, remote.event_types()).await;
        assert_lost(&types.expect("asking hangs").unwrap_err());
    }
    let store = client(&endpoint).await.unwrap().store(application());
    let loaded = timeout(NOTICED, store.load_by_type(Reading::all().types(), 0)).await;
    assert_lost(&loaded.expect("loading hangs").unwrap_err());
    let waited = timeout(NOTICED, store.wait_for(0)).await;
    assert_lost(&waited.expect("waiting hangs").unwrap_err());
}

/// The first message of an answer, and then nothing.
struct Quiet(Option<Bytes>);

impl Body for Quiet {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // The reset that ends it is not waited for.
        self.0.take().map_or(Poll::Pending, |first| Poll::Ready(Some(Ok(Frame::data(first)))))
    }
}

/// Takes every `Consume`, says hello, and then goes quiet, though it answers the keep-alive. Counts
/// the calls.
async fn serve_hello() -> (String, watch::Receiver<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (calls, counted) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let calls = calls.clone();
            let service = service_fn(move |_| {
                calls.send_modify(|calls| *calls += 1);
                // A message without any field: position 0.
                let body = Quiet(Some(Bytes::from_static(&[0; 5])));
                let response = Response::builder().header("content-type", "application/grpc");
                async { response.body(body) }
            });
            let server = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    (endpoint, counted)
}

#[tokio::test]
async fn a_stream_that_goes_quiet_without_heartbeats_does_not_look_healthy() {
    let (endpoint, mut calls) = serve_hello().await;
    let remote = remote(&endpoint, Protocol::Ours).await;
    let types = Reading::all().types();
    let mut cursor = remote.open(0, types.clone()).await.unwrap();
    let error = timeout(NOTICED, cursor.next()).await.expect("it was not noticed");
    assert_lost(&error.unwrap_err());
    assert_eq!(cursor.position(), 0);

    // One that resumes tries again and again.
    let mut cursor = remote.resume(soon).open(0, types).await.unwrap();
    let seen = *calls.borrow_and_update();
    let tried = calls.wait_for(|calls| *calls >= seen + 3);
    tokio::select! {
        tried = timeout(NOTICED, tried) => drop(tried.expect("it was not noticed").unwrap()),
        event = cursor.next() => panic!("{event:?}"),
    }
}

/// It was the client that was busy: what has come meanwhile was not taken off the connection.
#[tokio::test]
async fn a_client_whose_only_thread_was_blocked_does_not_take_that_for_silence() {
    let (started, address) = oneshot::channel();
    let (_until, end) = oneshot::channel::<()>();
    // The server has another thread, and goes on.
    thread::spawn(|| {
        let stream = MemoryStream::new(application());
        stream.append(parcels(0..1, "a")).unwrap();
        runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let server = Running::start(NetworkServer::builder().host(stream)).await;
            started.send(server.endpoint.clone()).unwrap();
            drop(end.await);
        });
    });
    let remote = NetworkStream::connect(&address.await.unwrap(), application()).await.unwrap();
    let mut cursor = remote.heartbeat(HEARTBEAT).open(0, EventTypes::any()).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 0);
    for _ in 0..3 {
        thread::sleep(HEARTBEAT * 5);
        // A heartbeat is all that comes.
        let waited = timeout(HEARTBEAT, cursor.next()).await;
        assert!(waited.is_err(), "{waited:?}");
    }
}
