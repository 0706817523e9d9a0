use eventstream_core::EventTypes;
use eventstream_memory::MemoryStream;
use eventstream_network::{
    NetworkServer,
    proto::{
        dogma::messaging::v1::{
            ConsumeRequest, ConsumeResponse, MessageTypesRequest, MessageTypesResponse,
            UnrecognizedApplication, UnrecognizedMessage,
        },
        eventstream::v1::Truncated,
    },
};

use crate::{
    raw::Raw,
    support::{Running, application, parcels},
};

const CONSUME: &str = "/dogma.messaging.v1.EventStream/Consume";
const EVENT_TYPES: &str = "/dogma.messaging.v1.EventStream/EventTypes";

fn request(offset: u64, types: &[&str]) -> ConsumeRequest {
    ConsumeRequest {
        application_key: application().key,
        offset,
        types: types.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[tokio::test]
async fn codes_details_and_events_are_those_of_the_protocol() {
    let declared = EventTypes::from_iter(["a", "b"]);
    let stream = MemoryStream::builder(application()).event_types(declared).build();
    stream.append(parcels(0..5, "a")).unwrap();
    stream.truncate(3).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let raw = Raw::connect(server.address()).await;

    let application_key = "another".to_owned();
    let unrecognized = [UnrecognizedApplication { application_key: application_key.clone() }];
    let asked = ConsumeRequest { application_key: application_key.clone(), ..request(3, &["a"]) };
    raw.fails(CONSUME, &asked).await.is(5, &unrecognized);
    let asked = MessageTypesRequest { application_key };
    raw.fails(EVENT_TYPES, &asked).await.is(5, &unrecognized);
    raw.fails(CONSUME, &ConsumeRequest::default()).await.is_bare(3);
    raw.fails(CONSUME, &request(3, &[])).await.is_bare(3);
    let unrecognized = ["x", "y"].map(|name| UnrecognizedMessage { name: name.to_owned() });
    raw.fails(CONSUME, &request(3, &["y", "a", "x"])).await.is(3, &unrecognized);
    let truncated = [Truncated { requested: 0, oldest: 3 }];
    raw.fails(CONSUME, &request(0, &["a"])).await.is(11, &truncated);

    let mut answer = raw.call(CONSUME, &request(3, &["a", "b"])).await;
    for offset in [3, 4] {
        let found: ConsumeResponse = answer.next().await.unwrap();
        let id = found.envelope.unwrap().message_id;
        assert_eq!((found.offset, id), (offset, format!("m-{offset}")));
    }
    let asked = MessageTypesRequest { application_key: application().key };
    let found: MessageTypesResponse = raw.ask(EVENT_TYPES, &asked).await;
    let names: Vec<_> = found.message_types.into_iter().map(|found| found.portable_name).collect();
    assert_eq!(names, ["a", "b"]);
}
