//! The formats that every message can have.

use eventstream_core::{Codec, Format, MarshalError, Marshaler, Message, Payload};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Gift, Placed, chain, parcel};

/// All that serde has a form for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    shape: Shape,
    floats: (f32, f64),
    wide: (u64, i64),
    text: String,
    letter: char,
    nested: Vec<Option<Shape>>,
    map: std::collections::BTreeMap<String, bool>,
    unit: (),
    #[serde(flatten)]
    flat: Flat,
    #[serde(default)]
    new_field: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    flattened: i32,
    flattened_text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(u16),
    Rectangle { width: i8, height: i8 },
    Pair(u8, String),
}

impl Message for Everything {
    const TYPE: &'static str = "every.thing";
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Point),
        any::<u16>().prop_map(Shape::Circle),
        any::<(i8, i8)>().prop_map(|(width, height)| Shape::Rectangle { width, height }),
        (any::<u8>(), ".*").prop_map(|(number, text)| Shape::Pair(number, text)),
    ]
}

prop_compose! {
    fn everything()(
        shape in shape(),
        floats in (-1e30_f32..1e30, -1e300_f64..1e300),
        wide in any::<(u64, i64)>(),
        text in ".*",
        letter in any::<char>(),
        nested in prop::collection::vec(prop::option::of(shape()), 0..4),
        map in prop::collection::btree_map(".*", any::<bool>(), 0..4),
        flattened in any::<i32>(),
        flattened_text in prop::option::of(".*"),
        new_field in any::<u8>(),
    ) -> Everything {
        let flat = Flat { flattened, flattened_text };
        Everything { shape, floats, wide, text, letter, nested, map, unit: (), flat, new_field }
    }
}

prop_compose! {
    fn placed()(
        order in any::<u64>(),
        customer in ".*",
        discount in any::<Option<i64>>(),
        weight in -1e300_f64..1e300,
        items in prop::collection::vec(".*", 0..4),
        gift in prop::option::of((prop::collection::vec(any::<u8>(), 0..9), any::<bool>())),
    ) -> Placed {
        let gift = gift.map(|(card, wrapped)| Gift { card, wrapped });
        Placed { order, customer, discount, weight, items, gift }
    }
}

fn formats() -> Vec<Format> {
    vec![
        Format::Json,
        #[cfg(feature = "cbor")]
        Format::Cbor,
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in everything()) {
        for format in formats() {
            let marshaler = Marshaler::new([format]);
            let Payload { media_type, data } = marshaler.marshal(&message).unwrap();
            let read: Everything = marshaler.unmarshal_from(&media_type, &data).unwrap();
            prop_assert_eq!(&read, &message);
        }
    }

    #[test]
    fn what_is_written_is_read_by_all_codecs(message in placed()) {
        let codecs = [
            Codec::json(),
            #[cfg(feature = "cbor")]
            Codec::cbor(),
            #[cfg(feature = "protobuf")]
            Codec::protobuf(),
        ];
        let marshaler = Marshaler::new([]).message_with::<Placed>(codecs);
        for media_type in marshaler.media_types_for(Placed::TYPE) {
            let payload = marshaler.marshal_as(&media_type, &message).unwrap();
            let read: Placed = marshaler.unmarshal_from(&media_type, &payload.data).unwrap();
            prop_assert_eq!(&read, &message);
        }
    }

    #[test]
    fn whatever_is_no_message_is_an_error(data in prop::collection::vec(any::<u8>(), 0..64)) {
        for media_type in ["application/json", "application/cbor"] {
            let marshaler = Marshaler::new(formats());
            let read = marshaler.unmarshal_from::<Everything>(media_type, &data);
            let refused = matches!(
                read,
                Err(MarshalError::Undecodable { .. } | MarshalError::UnsupportedMediaType { .. })
            );
            prop_assert!(refused);
        }
    }
}

fn one() -> Placed {
    Placed { order: 7, customer: "Ada".to_owned(), weight: 1.5, ..Placed::default() }
}

#[test]
fn json_is_json() {
    let marshaler = Marshaler::json();
    let payload = marshaler.marshal(&one()).unwrap();
    assert_eq!(payload.media_type, "application/json");
    assert_eq!(
        payload.data,
        r#"{"order":7,"customer":"Ada","discount":null,"weight":1.5,"items":[],"gift":null}"#
    );
    for media_type in ["application/json; charset=utf-8", "application/vnd.shop.v1+json"] {
        let read: Placed = marshaler.unmarshal_from(media_type, &payload.data).unwrap();
        assert_eq!(read, one());
    }
    for bad in [&b"{}"[..], b"", b"{\"order\":", b"null", b"\xff"] {
        let error = marshaler.unmarshal_from::<Placed>("application/json", bad).unwrap_err();
        assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
    }
    let more = [&payload.data[..], b"x"].concat();
    assert!(marshaler.unmarshal_from::<Placed>("application/json", &more).is_err());
}

#[test]
fn a_type_need_not_be_registered_to_be_marshalled() {
    let marshaler = Marshaler::json();
    assert!(marshaler.media_types_for(Placed::TYPE).is_empty());
    let parcel = parcel(Placed::TYPE, "application/json", r#"{"order":1}"#);
    let error = marshaler.unmarshal::<Placed>(&parcel).unwrap_err();
    assert!(chain(&error).contains("missing field `customer`"), "{}", chain(&error));

    let registered = marshaler.message::<Placed>();
    assert_eq!(registered.media_types_for(Placed::TYPE), ["application/json"]);
    assert_eq!(registered.marshal(&one()).unwrap(), Marshaler::json().marshal(&one()).unwrap());
}

#[cfg(feature = "cbor")]
mod cbor {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Weighed {
        kilos: f64,
        at: String,
        lost: (),
    }

    impl Message for Weighed {
        const TYPE: &'static str = "parcel.weighed";
    }

    #[test]
    fn formats_are_in_order_of_preference() {
        let marshaler = Marshaler::new([Format::Cbor, Format::Json]).message::<Placed>();
        assert_eq!(
            marshaler.media_types_for(Placed::TYPE),
            ["application/cbor", "application/json"]
        );
        let cbor = marshaler.marshal(&one()).unwrap();
        assert_eq!(cbor.media_type, "application/cbor");
        let json = marshaler.marshal_as("application/json", &one()).unwrap();
        for payload in [cbor, json] {
            let read: Placed =
                marshaler.unmarshal_from(&payload.media_type, &payload.data).unwrap();
            assert_eq!(read, one());
        }
    }

    /// What other encoders write, by the examples of RFC 8949's appendix A.
    #[test]
    fn what_others_write_is_read() {
        let marshaler = Marshaler::new([Format::Cbor]);
        let prefixed = |kilos: &[u8]| {
            // An open map, a text in two pieces with the tag of a date, and null for a unit.
            let mut data = b"\xbf\x65kilos".to_vec();
            data.extend(kilos);
            data.extend(b"\x62at\xc0\x7f\x662026-0\x633-2\xff\x64lost\xf6\xff");
            data
        };
        let halves: &[u8] = b"\xf9\x3e\x00";
        for kilos in [halves, b"\xfa\x3f\xc0\x00\x00", b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"] {
            let read: Weighed =
                marshaler.unmarshal_from("application/cbor", &prefixed(kilos)).unwrap();
            assert_eq!(read, Weighed { kilos: 1.5, at: "2026-03-2".to_owned(), lost: () });
        }
    }

    #[test]
    fn what_is_not_all_of_the_payload_is_refused() {
        let marshaler = Marshaler::new([Format::Cbor]);
        let data = marshaler.marshal(&one()).unwrap().data;
        let read = |data: &[u8]| marshaler.unmarshal_from::<Placed>("application/cbor", data);
        assert_eq!(read(&data).unwrap(), one());
        for len in 0..data.len() {
            let error = read(&data[..len]).unwrap_err();
            assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
        }
        let error = read(&[&data[..], b"\xf6\xf6"].concat()).unwrap_err();
        assert!(chain(&error).ends_with("2 bytes follow the message"), "{}", chain(&error));
        // Nested deeper than anybody means it.
        let error = read(&[0x81; 100_000]).unwrap_err();
        assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
    }
}

#[cfg(feature = "protobuf")]
#[test]
fn protobuf_has_three_names() {
    let marshaler = Marshaler::json().message_with::<Placed>([Codec::protobuf(), Codec::json()]);
    let payload = marshaler.marshal(&one()).unwrap();
    assert_eq!(payload.media_type, "application/vnd.google.protobuf");
    assert_eq!(payload.data, &b"\x08\x07\x12\x03Ada\x21\0\0\0\0\0\0\xf8\x3f"[..]);
    for media_type in [
        "application/vnd.google.protobuf",
        "application/protobuf",
        "Application/X-Protobuf; type=\"order.placed\"",
    ] {
        let read: Placed = marshaler.unmarshal_from(media_type, &payload.data).unwrap();
        assert_eq!(read, one());
        assert_eq!(marshaler.marshal_as(media_type, &one()).unwrap().media_type, media_type);
    }
    // The form in JSON is not protobuf's own, but serde's.
    let json = marshaler.marshal_as("application/vnd.google.protobuf+json", &one()).unwrap();
    assert!(json.data.starts_with(b"{\"order\":7"));
    let error = marshaler.unmarshal_from::<Placed>("application/protobuf", b"\xff").unwrap_err();
    assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
}
