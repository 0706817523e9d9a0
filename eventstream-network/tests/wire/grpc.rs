use std::time::Duration;

use eventstream_memory::MemoryStream;
use eventstream_network::{
    Limits, NetworkServer,
    proto::eventstream::v1::{
        BackendFailure, ConsumeRequest, ConsumeResponse, EventTypes, ListApplicationsRequest,
    },
};
use http::{Method, StatusCode};
use prost::Message;

use crate::{
    raw::{Raw, frame},
    support::{Running, application},
};

const LIST: &str = "/eventstream.v1.EventStream/ListApplications";
const DESCRIBE: &str = "/eventstream.v1.EventStream/Describe";
const CONSUME: &str = "/eventstream.v1.EventStream/Consume";

async fn serve(limits: Limits) -> (std::sync::Arc<Running>, Raw) {
    let builder = NetworkServer::builder().host(MemoryStream::new(application())).limits(limits);
    let server = Running::start(builder).await;
    let raw = Raw::connect(server.address()).await;
    (server, raw)
}

fn consume() -> ConsumeRequest {
    ConsumeRequest {
        application_key: application().key,
        event_types: Some(EventTypes { any: true, portable_names: Vec::new() }),
        ..ConsumeRequest::default()
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused_as_http_does() {
    let (_server, raw) = serve(Limits::default()).await;
    let mut request = Raw::request(LIST, frame(b""));
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert_eq!(raw.send(request).await.http, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let mut request = Raw::request(LIST, Vec::new());
    *request.method_mut() = Method::GET;
    assert_eq!(raw.send(request).await.http, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_is_wrong_with_a_message_has_a_code_of_its_own() {
    let (_server, raw) = serve(Limits::default().request_bytes(100)).await;
    let compressed = [&[1], &frame(b"")[1..]].concat();
    for (path, body, code) in [
        (LIST, frame(b""), 0),
        ("/eventstream.v1.EventStream/NoSuchMethod", frame(b""), 12),
        ("/no.such.Service/Consume", frame(b""), 12),
        ("/", frame(b""), 12),
        (LIST, Vec::new(), 13),
        (LIST, frame(b"\x0a"), 13),
        (LIST, [frame(b""), frame(b"")].concat(), 13),
        (LIST, frame(b"abc")[..6].to_vec(), 13),
        (LIST, compressed, 12),
        (DESCRIBE, frame(&[b"\x0a\x5f".as_slice(), &[b'x'; 95]].concat()), 5),
        (DESCRIBE, frame(&[0; 101]), 8),
        (DESCRIBE, [0, 255, 255, 255, 255].to_vec(), 8),
    ] {
        let answer = raw.frames(path, body.clone()).await;
        assert_eq!(answer.http, StatusCode::OK);
        let code_found = if code == 0 {
            let mut answer = answer;
            answer.next::<ListApplicationsRequest>().await.unwrap();
            answer.end().await.code
        } else {
            answer.end().await.code
        };
        assert_eq!(code_found, code, "{path} {body:?}");
    }
}

#[tokio::test]
async fn a_deadline_ends_a_call() {
    let (_server, raw) = serve(Limits::default()).await;
    let mut request = Raw::request(CONSUME, frame(&consume().encode_to_vec()));
    request.headers_mut().insert("grpc-timeout", "50m".parse().unwrap());
    let mut answer = raw.send(request).await;
    while answer.next::<ConsumeResponse>().await.is_some() {}
    answer.end().await.is_bare(4);
}

#[tokio::test]
async fn more_calls_than_there_may_be_are_refused() {
    let (_server, raw) = serve(Limits::default().streams(2)).await;
    let mut held = [raw.call(CONSUME, &consume()).await, raw.call(CONSUME, &consume()).await];
    for answer in &mut held {
        answer.next::<ConsumeResponse>().await.unwrap();
    }
    let busy = [BackendFailure { retryable: true }];
    raw.fails(CONSUME, &consume()).await.is(8, &busy);
    let [one, _other] = held;
    drop(one);
    // It is known to the server in a moment.
    tokio::time::timeout(Duration::from_secs(60), async {
        while raw.call(CONSUME, &consume()).await.next::<ConsumeResponse>().await.is_none() {}
    })
    .await
    .unwrap();
}
