use bytes::Bytes;
use eventstream_core::{EventStore, EventTypes, Expect, Identity};
use eventstream_memory::MemoryStream;
use eventstream_network::{
    NetworkServer,
    proto::{
        dogma::interop::v1::envelope,
        eventstream::v1::{
            ConsumeRequest, ConsumeResponse, DescribeRequest, DescribeResponse,
            EventTypes as NamedTypes, IncarnationChanged, ListApplicationsRequest,
            ListApplicationsResponse, Truncated, UnrecognizedApplication, UnsupportedEventTypes,
        },
    },
};
use eventstream_persisted::EmbeddedStore;

use crate::{
    raw::Raw,
    support::{Running, application, parcels},
};

const CONSUME: &str = "/eventstream.v1.EventStream/Consume";
const DESCRIBE: &str = "/eventstream.v1.EventStream/Describe";
const LIST: &str = "/eventstream.v1.EventStream/ListApplications";

fn request(offset: u64, names: &[&str]) -> ConsumeRequest {
    let portable_names = names.iter().map(|name| (*name).to_owned()).collect();
    ConsumeRequest {
        application_key: application().key,
        offset,
        event_types: Some(NamedTypes { any: names.is_empty(), portable_names }),
        heartbeat_milliseconds: 100,
        ..ConsumeRequest::default()
    }
}

#[tokio::test]
async fn applications_are_listed_and_described() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(path).create_for(application()).open().await.unwrap();
    store.append(parcels(0..5, "a"), Expect::Any).await.unwrap();
    store.truncate(2).await.unwrap();
    let other = Identity::new("other", "another");
    let declared = EventTypes::from_iter(["a", "b"]);
    let builder = NetworkServer::builder()
        .host_with_store(store.stream(declared), store.clone())
        .host(MemoryStream::new(other.clone()));
    let server = Running::start(builder).await;
    let raw = Raw::connect(server.address()).await;

    let found: ListApplicationsResponse = raw.ask(LIST, &ListApplicationsRequest {}).await;
    let identity = |found: Identity| envelope::Identity { name: found.name, key: found.key };
    assert_eq!(found.applications, [identity(other.clone()), identity(application())]);

    let asked = |key: &str| DescribeRequest {
        application_key: key.to_owned(),
        without_oldest_offset: false,
    };
    let found: DescribeResponse = raw.ask(DESCRIBE, &asked("app-key")).await;
    assert_eq!(found.application, Some(identity(application())));
    assert_eq!((found.oldest_offset, found.next_offset), (Some(2), Some(5)));
    assert_eq!(found.incarnation, store.incarnation().as_bytes().as_slice());
    assert_eq!((found.any_event_type, found.event_types.len(), found.has_store), (false, 2, true));

    let found: DescribeResponse = raw.ask(DESCRIBE, &asked("another")).await;
    assert_eq!((found.oldest_offset, found.next_offset), (Some(0), Some(0)));
    assert_eq!(
        (found.any_event_type, found.incarnation, found.has_store),
        (true, Bytes::new(), false)
    );
    let unrecognized = [UnrecognizedApplication { application_key: "none".to_owned() }];
    raw.fails(DESCRIBE, &asked("none")).await.is(5, &unrecognized);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_the_first_event() {
    let declared = EventTypes::from_iter(["a", "b"]);
    let stream = MemoryStream::builder(application()).event_types(declared).build();
    stream.append(parcels(0..5, "a")).unwrap();
    stream.truncate(3).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let raw = Raw::connect(server.address()).await;

    raw.fails(CONSUME, &ConsumeRequest::default()).await.is_bare(3);
    let no_types = ConsumeRequest { event_types: None, ..request(3, &[]) };
    raw.fails(CONSUME, &no_types).await.is_bare(3);
    let portable_names = vec!["x".to_owned(), "y".to_owned()];
    let unsupported = [UnsupportedEventTypes { portable_names }];
    raw.fails(CONSUME, &request(3, &["y", "a", "x"])).await.is(3, &unsupported);
    let truncated = [Truncated { requested: 1, oldest: 3 }];
    raw.fails(CONSUME, &request(1, &[])).await.is(11, &truncated);
    let replaced = ConsumeRequest { incarnation: Bytes::from_static(&[7; 16]), ..request(3, &[]) };
    let changed = [IncarnationChanged { incarnation: Bytes::new() }];
    raw.fails(CONSUME, &replaced).await.is(9, &changed);
}

#[tokio::test]
async fn a_batch_says_where_it_ends_and_a_quiet_stream_that_it_is_there() {
    let stream = MemoryStream::new(application());
    stream.append(parcels(0..3, "a")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    let raw = Raw::connect(server.address()).await;
    let mut answer = raw.call(CONSUME, &request(0, &["a"])).await;

    let hello: ConsumeResponse = answer.next().await.unwrap();
    assert_eq!((hello.events.len(), hello.position, hello.at_tail), (0, 0, false));
    let batch: ConsumeResponse = answer.next().await.unwrap();
    let offsets: Vec<_> = batch.events.iter().map(|event| event.offset).collect();
    assert_eq!((offsets.as_slice(), batch.position, batch.at_tail), (&[0, 1, 2][..], 3, true));

    // What does not match moves the position on …
    stream.append(parcels(3..8, "b")).unwrap();
    loop {
        let moved: ConsumeResponse = answer.next().await.unwrap();
        assert_eq!(moved.events, []);
        if moved.position == 8 {
            break;
        }
    }
    // … and then it is said again and again that it is there.
    for _ in 0..3 {
        let heartbeat: ConsumeResponse = answer.next().await.unwrap();
        assert_eq!((heartbeat.position, heartbeat.at_tail), (8, true));
    }
}
