use eventstream_core::{EventTypes, Format, Identity, MarshalError, Marshaler, Message, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::{
    Hosted, NetworkServer,
    proto::{
        dogma::interop::v1::eventstream::{
            ConsumeRequest, ConsumeResponse, EventType, EventTypesRequest, EventTypesResponse,
            NoRecognizedMediaTypes, UnrecognizedApplication, UnrecognizedEventType,
            UnsupportedStartPoint, consume_request::StartPoint,
        },
        eventstream::v1::Truncated,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    raw::Raw,
    support::{Running, application, parcel, parcels},
};

const CONSUME: &str = "/dogma.interop.v1.eventstream.StreamAPI/Consume";
const EVENT_TYPES: &str = "/dogma.interop.v1.eventstream.StreamAPI/EventTypes";

fn event_type(name: &str, media_types: &[&str]) -> EventType {
    EventType {
        portable_name: name.to_owned(),
        media_types: media_types.iter().map(|text| (*text).to_owned()).collect(),
    }
}

fn request(offset: u64, event_types: Vec<EventType>) -> ConsumeRequest {
    ConsumeRequest {
        application_key: application().key,
        event_types,
        start_point: Some(StartPoint::Offset(offset)),
    }
}

fn stream() -> MemoryStream {
    MemoryStream::builder(application()).event_types(EventTypes::from_iter(["a", "b"])).build()
}

async fn serve(stream: &MemoryStream) -> (std::sync::Arc<Running>, Raw) {
    let hosted = Hosted::new(stream.clone()).media_types(["text/plain"]);
    let server = Running::start(NetworkServer::builder().application(hosted)).await;
    let raw = Raw::connect(server.address()).await;
    (server, raw)
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_the_first_event() {
    let stream = stream();
    stream.append(parcels(0..5, "a")).unwrap();
    stream.truncate(3).unwrap();
    let (_server, raw) = serve(&stream).await;
    let a = || vec![event_type("a", &["text/plain"])];

    let no_application = ConsumeRequest { application_key: String::new(), ..request(3, a()) };
    raw.fails(CONSUME, &no_application).await.is_bare(3);
    let application_key = "another".to_owned();
    let another = ConsumeRequest { application_key: application_key.clone(), ..request(3, a()) };
    let unrecognized = [UnrecognizedApplication { application_key: application_key.clone() }];
    raw.fails(CONSUME, &another).await.is(5, &unrecognized);
    let types = EventTypesRequest { application_key };
    raw.fails(EVENT_TYPES, &types).await.is(5, &unrecognized);
    raw.fails(EVENT_TYPES, &EventTypesRequest::default()).await.is_bare(3);

    raw.fails(CONSUME, &request(3, Vec::new())).await.is_bare(3);
    let types = ["x", "a", "y"].map(|name| event_type(name, &["text/plain"]));
    let unrecognized =
        ["x", "y"].map(|name| UnrecognizedEventType { portable_name: name.to_owned() });
    raw.fails(CONSUME, &request(3, types.into())).await.is(3, &unrecognized);

    let types = vec![event_type("b", &["text/html", "no media type"]), event_type("a", &[])];
    let unavailable = [NoRecognizedMediaTypes { portable_name: "b".to_owned() }];
    raw.fails(CONSUME, &request(3, types)).await.is(3, &unavailable);

    let no_start = ConsumeRequest { start_point: None, ..request(0, a()) };
    raw.fails(CONSUME, &no_start).await.is(12, &[UnsupportedStartPoint {}]);

    let truncated = [Truncated { requested: 2, oldest: 3 }];
    raw.fails(CONSUME, &request(2, a())).await.is(11, &truncated);
}

#[tokio::test]
async fn events_come_as_they_are_also_those_that_come_later() {
    let stream = stream();
    let sent = [parcel(0, "a"), parcel(1, "b"), parcel(2, "a")];
    stream.append(sent[..2].to_vec()).unwrap();
    let (_server, raw) = serve(&stream).await;

    let mut answer = raw.call(CONSUME, &request(0, vec![event_type("a", &["text/plain"])])).await;
    // Past the end is no error.
    let mut later = raw.call(CONSUME, &request(2, vec![event_type("a", &[])])).await;
    stream.append(sent[2..].to_vec()).unwrap();
    for (answer, offsets) in [(&mut answer, &[0, 2][..]), (&mut later, &[2])] {
        for offset in offsets {
            let found: ConsumeResponse = answer.next().await.unwrap();
            let envelope = prost::Message::encode_to_vec(&found.envelope.unwrap());
            assert_eq!(found.offset, *offset);
            assert_eq!(&envelope, sent[usize::try_from(*offset).unwrap()].wire());
        }
    }
    stream.truncate(3).unwrap();
}

#[tokio::test]
async fn types_are_named_with_their_media_types() {
    let stream = stream();
    let (_server, raw) = serve(&stream).await;
    let asked = EventTypesRequest { application_key: application().key };
    let found: EventTypesResponse = raw.ask(EVENT_TYPES, &asked).await;
    let expected = ["a", "b"].map(|name| event_type(name, &["text/plain"]));
    assert_eq!(found.event_types, expected);
}

#[tokio::test]
async fn an_open_stream_names_no_types_and_refuses_none() {
    let stream = MemoryStream::new(application());
    let (_server, raw) = serve(&stream).await;
    let asked = EventTypesRequest { application_key: application().key };
    let found: EventTypesResponse = raw.ask(EVENT_TYPES, &asked).await;
    assert_eq!(found.event_types, []);
    let mut answer = raw.call(CONSUME, &request(0, vec![event_type("unheard-of", &[])])).await;
    stream.append_one(parcel(0, "unheard-of")).unwrap();
    assert_eq!(answer.next::<ConsumeResponse>().await.unwrap().offset, 0);
}

#[derive(Serialize, Deserialize)]
struct Paid {
    amount: u64,
}

impl Message for Paid {
    const TYPE: &'static str = "paid";
}

#[tokio::test]
async fn an_event_is_transcoded_to_the_first_media_type_that_can_be_had() {
    let marshaler = Marshaler::new([Format::Json, Format::Cbor]).message::<Paid>();
    let stream = MemoryStream::builder(application()).event_types("paid".into()).build();
    let shop: Identity = application();
    let payload = marshaler.marshal(&Paid { amount: 7 }).unwrap();
    let envelope = eventstream_core::Envelope {
        data: payload.data,
        ..eventstream_core::Envelope::new("m-1", shop, "paid", payload.media_type)
    };
    stream.append_one(Parcel::seal(envelope).unwrap()).unwrap();
    let hosted = Hosted::new(stream).marshaler(marshaler.clone());
    let server = Running::start(NetworkServer::builder().application(hosted)).await;
    let raw = Raw::connect(server.address()).await;

    for (wanted, expected) in [
        (&["application/json", "application/cbor"][..], "application/json"),
        (&["application/cbor", "application/json"], "application/json"),
        (&["text/html", "application/cbor"], "application/cbor"),
    ] {
        let mut answer = raw.call(CONSUME, &request(0, vec![event_type("paid", wanted)])).await;
        let found: ConsumeResponse = answer.next().await.unwrap();
        let envelope = found.envelope.unwrap();
        assert_eq!(envelope.media_type, expected);
        let paid: Result<Paid, MarshalError> =
            marshaler.unmarshal_from(&envelope.media_type, &envelope.data);
        assert_eq!(paid.unwrap().amount, 7);
    }
    let refused = raw.fails(CONSUME, &request(0, vec![event_type("paid", &["text/html"])])).await;
    refused.is(3, &[NoRecognizedMediaTypes { portable_name: "paid".to_owned() }]);
}
