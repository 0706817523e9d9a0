use std::time::Duration;

use bytes::Bytes;
use eventstream_core::EventTypes;
use eventstream_memory::MemoryStream;
use eventstream_network::{Hosted, Limits, NetworkServer, ServeError};
use http_body_util::Empty;
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::support::{Running, application};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until the connection is closed; in no time at all, if it is.
async fn is_closed(stream: &mut TcpStream) {
    let mut read = Vec::new();
    // A reset is an end, too.
    let _ = timeout(Duration::from_secs(60), stream.read_to_end(&mut read)).await.unwrap();
}

#[tokio::test]
async fn who_never_begins_or_never_goes_on_is_cut_off() {
    let limits = Limits::default()
        .handshake_timeout(Duration::from_millis(100))
        .keep_alive_interval(Duration::from_millis(100))
        .keep_alive_timeout(Duration::from_millis(100));
    let builder = NetworkServer::builder().host(MemoryStream::new(application())).limits(limits);
    let server = Running::start(builder).await;
    for sent in [&b""[..], &PREFACE[..10], PREFACE, b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        is_closed(&mut stream).await;
    }
}

#[tokio::test]
async fn a_connection_without_calls_is_closed() {
    let limits = Limits::default()
        .idle_timeout(Duration::from_millis(100))
        .keep_alive_interval(Duration::from_secs(3_600));
    let builder = NetworkServer::builder().host(MemoryStream::new(application())).limits(limits);
    let server = Running::start(builder).await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let http2 = handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream));
    // It answers pings, and asks for nothing.
    let (_sender, connection) = http2.await.unwrap();
    timeout(Duration::from_secs(60), connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_more_than_there_may_be_waits() {
    let limits = Limits::default().connections(1);
    let builder = NetworkServer::builder().host(MemoryStream::new(application())).limits(limits);
    let server = Running::start(builder).await;
    let mut first = TcpStream::connect(server.address()).await.unwrap();
    first.write_all(PREFACE).await.unwrap();
    // The server's settings.
    first.read_u8().await.unwrap();
    let mut second = TcpStream::connect(server.address()).await.unwrap();
    second.write_all(PREFACE).await.unwrap();
    assert!(timeout(Duration::from_millis(100), second.read_u8()).await.is_err());
    drop(first);
    timeout(Duration::from_secs(60), second.read_u8()).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_others_can_reach_is_not_served_without_being_told_so() {
    let server = || NetworkServer::builder().host(MemoryStream::new(application()));
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = server().build().unwrap().serve(listener, async {}).await;
    assert!(matches!(refused, Err(ServeError::Insecure { .. })), "{refused:?}");
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let server = server().insecure_beyond_loopback().build().unwrap();
    server.serve(listener, async {}).await.unwrap();
}

#[tokio::test]
async fn what_can_t_be_served_is_not_built() {
    let stream = || MemoryStream::builder(application()).event_types(EventTypes::any()).build();
    let twice = NetworkServer::builder().host(stream()).application(Hosted::new(stream())).build();
    assert!(matches!(twice, Err(ServeError::HostedTwice { key }) if key == "app-key"));
    for limits in [
        Limits::default().streams(0),
        Limits::default().pending_append_bytes(1),
        Limits::default().append_bytes(5 << 30).pending_append_bytes(6 << 30),
    ] {
        let built = NetworkServer::builder().limits(limits).build();
        assert!(matches!(built, Err(ServeError::InvalidLimit { .. })), "{built:?}");
    }
}
