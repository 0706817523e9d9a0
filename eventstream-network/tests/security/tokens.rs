use std::sync::Arc;

use eventstream_memory::MemoryStream;
use eventstream_network::{
    NetworkServer, Tokens,
    proto::{
        dogma::{interop::v1::eventstream as a, messaging::v1 as b},
        eventstream::v1 as ours,
    },
};
use prost::Message;

use crate::{
    raw::{Raw, frame},
    support::{Running, application},
};

const DESCRIBE: &str = "/eventstream.v1.EventStream/Describe";
const LIST: &str = "/eventstream.v1.EventStream/ListApplications";
const APPEND: &str = "/eventstream.v1.EventStream/Append";
const TRUNCATE: &str = "/eventstream.v1.EventStream/Truncate";

const READER: &str = "reader0123456789";
const WRITER: &str = "writer0123456789";
const OTHERS: &str = "others0123456789";
const ALL: &str = "all0123456789ABC";

const UNAUTHENTICATED: i32 = 16;
const PERMISSION_DENIED: i32 = 7;

async fn start() -> Arc<Running> {
    let tokens: Tokens = format!(
        "{READER} read app-key # and nothing else\n\
         {WRITER} append app-key\n\
         {OTHERS} read,append,truncate other-key\n\
         # Said in two lines.\n{ALL} read *\n{ALL} append,truncate *\n"
    )
    .parse()
    .unwrap();
    let stream = MemoryStream::new(application());
    Running::start(NetworkServer::builder().host(stream).authorizer(tokens)).await
}

async fn code(raw: &Raw, path: &str, message: &impl Message, headers: &[&str]) -> i32 {
    let mut request = Raw::request(path, frame(&message.encode_to_vec()));
    for header in headers {
        request.headers_mut().append("authorization", header.parse().unwrap());
    }
    let mut answer = raw.send(request).await;
    while answer.next::<()>().await.is_some() {}
    answer.end().await.code
}

fn describe(key: &str) -> ours::DescribeRequest {
    ours::DescribeRequest { application_key: key.to_owned(), without_oldest_offset: true }
}

#[tokio::test]
async fn who_has_no_token_that_is_known_is_not_known() {
    let server = start().await;
    let raw = Raw::connect(server.address()).await;
    let known = format!("Bearer {READER}");
    for headers in [
        &[][..],
        &["Bearer wrong0123456789"],
        &["Bearer "],
        &["Bearer"],
        &[""],
        &[READER],
        &[&format!("Basic {READER}")],
        &[&format!("Bearer{READER}")],
        &[&format!("Bearer {READER} {READER}")],
        &[&format!("Bearer {}", &READER[..15])],
        &[&format!("Bearer {READER}0")],
        &[&known, &known],
        &[&known, "Basic abc"],
        &["Basic abc", &known],
    ] {
        for key in ["app-key", "no-such-key"] {
            let found = code(&raw, DESCRIBE, &describe(key), headers).await;
            assert_eq!(found, UNAUTHENTICATED, "{headers:?}");
        }
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme}  {READER} ");
        assert_eq!(code(&raw, DESCRIBE, &describe("app-key"), &[&header]).await, 0, "{header}");
    }
    let request = a::EventTypesRequest { application_key: "app-key".to_owned() };
    let path = "/dogma.interop.v1.eventstream.StreamAPI/EventTypes";
    assert_eq!(code(&raw, path, &request, &[]).await, UNAUTHENTICATED);
    assert_eq!(code(&raw, path, &request, &[&known]).await, 0);
    let request = b::MessageTypesRequest { application_key: "app-key".to_owned() };
    let path = "/dogma.messaging.v1.EventStream/EventTypes";
    assert_eq!(code(&raw, path, &request, &[]).await, UNAUTHENTICATED);
    assert_eq!(code(&raw, path, &request, &[&known]).await, 0);
}

#[tokio::test]
async fn a_token_is_good_for_what_its_lines_say_and_for_nothing_else() {
    let server = start().await;
    let raw = Raw::connect(server.address()).await;
    let append =
        |key: &str| ours::AppendRequest { application_key: key.to_owned(), ..Default::default() };
    let truncate =
        |key: &str| ours::TruncateRequest { application_key: key.to_owned(), ..Default::default() };
    let list = ours::ListApplicationsRequest {};
    // May read, append, truncate, list.
    for (token, may) in [
        (READER, [true, false, false, false]),
        (WRITER, [false, true, false, false]),
        (OTHERS, [false; 4]),
        (ALL, [true; 4]),
    ] {
        let header = format!("Bearer {token}");
        let found = [
            code(&raw, DESCRIBE, &describe("app-key"), &[&header]).await,
            code(&raw, APPEND, &append("app-key"), &[&header]).await,
            code(&raw, TRUNCATE, &truncate("app-key"), &[&header]).await,
            code(&raw, LIST, &list, &[&header]).await,
        ];
        assert_eq!(found.map(|code| code != PERMISSION_DENIED), may, "{token}: {found:?}");
        assert!(!found.contains(&UNAUTHENTICATED), "{token}: {found:?}");
    }
    // Whether there is such an application is told only to those who may read it.
    for (token, expected) in [(READER, PERMISSION_DENIED), (OTHERS, PERMISSION_DENIED), (ALL, 5)] {
        let header = format!("Bearer {token}");
        let found = code(&raw, DESCRIBE, &describe("no-such-key"), &[&header]).await;
        assert_eq!(found, expected, "{token}");
    }
}

#[tokio::test]
async fn a_token_can_be_known_by_its_digest_alone() {
    // Of "abcdefghijklmnopqrstuvwxyz".
    let digest = "sha256:71c480df93d6ae2f1efad1447c66c9525e316218cf51fc8d9ed832f2daf18b73";
    let tokens: Tokens = format!("{digest} read app-key").parse().unwrap();
    let stream = MemoryStream::new(application());
    let server = Running::start(NetworkServer::builder().host(stream).authorizer(tokens)).await;
    let raw = Raw::connect(server.address()).await;
    let header = "Bearer abcdefghijklmnopqrstuvwxyz";
    assert_eq!(code(&raw, DESCRIBE, &describe("app-key"), &[header]).await, 0);
    let header = format!("Bearer {digest}");
    assert_eq!(code(&raw, DESCRIBE, &describe("app-key"), &[&header]).await, UNAUTHENTICATED);
}
