use eventstream_core::{EventStore, EventTypes, Expect};
use eventstream_memory::MemoryStream;
use eventstream_network::{
    Access, Action, Authorizer, Denied, NetworkServer,
    proto::{
        dogma::interop::v1::envelope::Envelope,
        eventstream::v1::{
            AppendRequest, AppendResponse, AppendStreamResponse, DuplicateMessage, InvalidEnvelope,
            OffsetConflict, PastTheEnd, TruncateRequest, TruncateResponse,
            append_stream_response::Outcome,
        },
        google::rpc,
    },
};
use eventstream_persisted::EmbeddedStore;
use prost::Message;

use crate::{
    raw::{Raw, frame},
    support::{Running, application, parcel},
};

const APPEND: &str = "/eventstream.v1.EventStream/Append";
const APPEND_STREAM: &str = "/eventstream.v1.EventStream/AppendStream";
const PROBLEM: &str = "is missing";
const TRUNCATE: &str = "/eventstream.v1.EventStream/Truncate";

fn envelope(id: u64) -> Envelope {
    Envelope::decode(parcel(id, "a").wire().as_ref()).unwrap()
}

fn append(ids: &[u64], expected_offset: Option<u64>) -> AppendRequest {
    AppendRequest {
        application_key: application().key,
        expected_offset,
        envelopes: ids.iter().map(|id| envelope(*id)).collect(),
    }
}

async fn store() -> (EmbeddedStore, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(path).create_for(application()).open().await.unwrap();
    (store, directory)
}

fn server(store: &EmbeddedStore) -> eventstream_network::NetworkServerBuilder {
    NetworkServer::builder().host_with_store(store.stream(EventTypes::any()), store.clone())
}

#[tokio::test]
async fn each_error_has_its_code_and_its_detail() {
    let (store, _directory) = store().await;
    let server = Running::start(server(&store)).await;
    let raw = Raw::connect(server.address()).await;

    let found: AppendResponse = raw.ask(APPEND, &append(&[0, 1], None)).await;
    assert_eq!(found, AppendResponse { first_offset: 0, next_offset: 2 });
    let again: AppendResponse = raw.ask(APPEND, &append(&[0, 1], Some(7))).await;
    assert_eq!(again, found);

    let conflict = [OffsetConflict { expected: 7, actual: 2 }];
    raw.fails(APPEND, &append(&[2], Some(7))).await.is(9, &conflict);
    let duplicate = [DuplicateMessage { message_id: "m-1".to_owned(), offset: 1 }];
    raw.fails(APPEND, &append(&[2, 1], None)).await.is(6, &duplicate);

    let mut invalid = append(&[2], None);
    invalid.envelopes[0].message_id.clear();
    let (field, problem) = ("message_id".to_owned(), PROBLEM.to_owned());
    raw.fails(APPEND, &invalid).await.is(3, &[InvalidEnvelope { field, problem }]);

    let past = [PastTheEnd { requested: 9, next: 2 }];
    let truncate = |before| TruncateRequest { application_key: application().key, before };
    raw.fails(TRUNCATE, &truncate(9)).await.is(11, &past);
    let _: TruncateResponse = raw.ask(TRUNCATE, &truncate(1)).await;
    assert_eq!(store.append(Vec::new(), Expect::Any).await.unwrap(), 2..2);
}

#[tokio::test]
async fn each_append_of_a_stream_has_its_own_answer_in_its_turn() {
    let (store, _directory) = store().await;
    let server = Running::start(server(&store)).await;
    let raw = Raw::connect(server.address()).await;
    let appends = [
        append(&[0, 1], None),
        append(&[2], Some(7)),
        append(&[2], Some(2)),
        append(&[0, 1], None),
    ];
    let body: Vec<u8> = appends.iter().flat_map(|one| frame(&one.encode_to_vec())).collect();
    let mut answer = raw.frames(APPEND_STREAM, body).await;
    let appended =
        |first_offset, next_offset| Outcome::Appended(AppendResponse { first_offset, next_offset });
    for expected in [Some(appended(0, 2)), None, Some(appended(2, 3)), Some(appended(0, 2))] {
        let found = answer.next::<AppendStreamResponse>().await.unwrap().outcome.unwrap();
        match (expected, found) {
            (Some(expected), found) => assert_eq!(found, expected),
            (None, Outcome::Failed(failure)) => {
                let status = rpc::Status::decode(failure.status).unwrap();
                assert_eq!((failure.code, status.code), (9, 9));
                let conflict: OffsetConflict = status.details[0].to_msg().unwrap();
                assert_eq!(conflict, OffsetConflict { expected: 7, actual: 2 });
            }
            (None, found) => panic!("{found:?}"),
        }
    }
    assert_eq!(answer.end().await.code, 0);
}

#[tokio::test]
async fn a_stream_without_a_store_can_t_be_appended_to() {
    let server = NetworkServer::builder().host(MemoryStream::new(application()));
    let server = Running::start(server).await;
    let raw = Raw::connect(server.address()).await;
    raw.fails(APPEND, &append(&[0], None)).await.is_bare(12);
}

struct Readers;

impl Authorizer for Readers {
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
        match (access.header("authorization").next(), access.action()) {
            (None, _) => Err(Denied::Unknown),
            (Some(b"Bearer all"), _) => Ok(()),
            (Some(_), Action::Append) => Err(Denied::Forbidden),
            (Some(_), _) => Ok(()),
        }
    }
}

#[tokio::test]
async fn who_may_not_is_told_before_anything_is_looked_up() {
    let (store, _directory) = store().await;
    let server = Running::start(server(&store).authorizer(Readers)).await;
    let raw = Raw::connect(server.address()).await;
    let unknown = AppendRequest { application_key: "unknown".to_owned(), ..append(&[0], None) };
    for (token, asked, code) in [
        (None, &append(&[0], None), 16),
        (Some("Bearer some"), &append(&[0], None), 7),
        (Some("Bearer some"), &unknown, 7),
        (Some("Bearer all"), &unknown, 5),
        (Some("Bearer all"), &append(&[0], None), 0),
    ] {
        let mut request = Raw::request(APPEND, frame(&asked.encode_to_vec()));
        if let Some(token) = token {
            request.headers_mut().insert("authorization", token.parse().unwrap());
        }
        let mut answer = raw.send(request).await;
        if code == 0 {
            answer.next::<AppendResponse>().await.unwrap();
        }
        assert_eq!(answer.end().await.code, code, "{token:?}");
    }
}
