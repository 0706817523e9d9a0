//! Transcoding between JSON, CBOR and protobuf.

use eventstream_core::{Codec, Envelope, MarshalError, Marshaler, Message, Parcel, Payload};

use crate::support::{Gift, Placed, shop};

const JSON: &str = "application/json";
const CBOR: &str = "application/cbor";
const PROTOBUF: &str = "application/vnd.google.protobuf";

fn marshaler() -> Marshaler {
    Marshaler::json().message_with::<Placed>([Codec::json(), Codec::cbor(), Codec::protobuf()])
}

fn placed() -> Placed {
    Placed {
        order: u64::MAX,
        customer: "Ada \u{1f980}".to_owned(),
        discount: Some(-5),
        weight: 0.1,
        items: vec!["tea".to_owned(), String::new()],
        gift: Some(Gift { card: vec![0, 255], wrapped: true }),
    }
}

fn stored(media_type: &str) -> Parcel {
    let Payload { data, .. } = marshaler().marshal_as(media_type, &placed()).unwrap();
    Parcel::seal(Envelope {
        data,
        description: "kept".to_owned(),
        attributes: [("traceparent".to_owned(), "00-1".to_owned())].into(),
        ..Envelope::new("m-1", shop(), Placed::TYPE, media_type)
    })
    .unwrap()
}

#[test]
fn from_each_format_to_each() {
    for from in [
        JSON,
        CBOR,
        PROTOBUF,
        "application/vnd.a+cbor",
        "application/protobuf; type=\"order.placed\"",
    ] {
        for to in [
            JSON,
            CBOR,
            PROTOBUF,
            "application/b+json; type=order.placed",
            "APPLICATION/x-protobuf",
        ] {
            let event = stored(from);
            let transcoded = marshaler().transcode(&event, &[to]).unwrap();
            assert_eq!(transcoded.media_type(), to);
            assert_eq!(marshaler().unmarshal::<Placed>(&transcoded).unwrap(), placed());
            // Nothing else has changed.
            let Envelope { media_type, data, .. } = transcoded.to_envelope();
            assert_eq!(
                transcoded.to_envelope(),
                Envelope { media_type, data, ..event.to_envelope() }
            );
            let payload = Payload::new(from, event.data());
            let payload = marshaler().transcode_payload(Placed::TYPE, &payload, &[to]).unwrap();
            assert_eq!(payload, Payload::new(to, transcoded.data()));
        }
    }
}

#[test]
fn what_is_wanted_as_it_is_stays() {
    for (have, wanted) in [
        (JSON, &[CBOR, JSON][..]),
        (JSON, &["Application/JSON; charset=utf-8"]),
        ("application/json; charset=utf-8", &[JSON]),
        ("application/json; type=\"order.placed\"; a=b", &[CBOR, JSON]),
        ("application/json; type=\"order.placed\"", &["application/json;TYPE=order.placed"]),
        ("application/vnd.a+json", &[JSON, "application/vnd.A+json"]),
    ] {
        let event = stored(have);
        assert_eq!(marshaler().transcode(&event, wanted).unwrap(), event, "{have}");
        // It has to be known for nothing.
        assert_eq!(Marshaler::new([]).transcode(&event, wanted).unwrap(), event, "{have}");
    }
}

#[test]
fn the_first_that_can_be_had_is_taken() {
    let event = stored(JSON);
    for (wanted, got) in [
        (&["text/csv", CBOR, PROTOBUF][..], CBOR),
        (&["*/*", PROTOBUF, CBOR], PROTOBUF),
        (&["application/cbor; type=other", PROTOBUF], PROTOBUF),
        (&["application/json; v=2", CBOR], "application/json; v=2"),
    ] {
        assert_eq!(marshaler().transcode(&event, wanted).unwrap().media_type(), got);
    }
}

#[test]
fn a_type_parameter_is_added_without_decoding() {
    let wanted = "application/json; type=\"order.placed\"";
    let payload = Payload::new(JSON, "not even JSON");
    for marshaler in [marshaler(), Marshaler::new([])] {
        let got = marshaler.transcode_payload(Placed::TYPE, &payload, &[wanted, CBOR]).unwrap();
        assert_eq!(got, Payload::new(wanted, payload.data.clone()));
        let other = marshaler.transcode_payload("order.paid", &payload, &[wanted]).unwrap_err();
        assert!(matches!(other, MarshalError::Unregistered { .. }), "{other:?}");
    }
}

#[test]
fn what_can_not_be_transcoded_is_told() {
    let transcode = |media_type: &str, data: &'static str, wanted: &[&str]| {
        let payload = Payload::new(media_type, data);
        marshaler().transcode_payload(Placed::TYPE, &payload, wanted).unwrap_err()
    };
    let error = transcode(JSON, "{}", &[CBOR]);
    assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
    let error = transcode("text/csv", "1", &[CBOR]);
    assert!(matches!(error, MarshalError::UnsupportedMediaType { .. }), "{error:?}");
    let error = transcode("application/json; type=other", "{}", &[CBOR]);
    assert!(matches!(error, MarshalError::WrongTypeParameter { .. }), "{error:?}");
    let error = transcode("application/json; a", "{}", &[CBOR]);
    assert!(matches!(error, MarshalError::InvalidMediaType { .. }), "{error:?}");
    let error = transcode(JSON, "{}", &[CBOR, "cbor"]);
    assert!(matches!(error, MarshalError::InvalidMediaType { .. }), "{error:?}");
    let error = transcode(JSON, "{}", &["application/cbor; type=other"]);
    assert!(matches!(error, MarshalError::NotProducible { .. }), "{error:?}");
}
