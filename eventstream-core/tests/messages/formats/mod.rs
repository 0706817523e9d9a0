//! The formats that every message can have.

#[cfg(feature = "cbor")]
mod cbor;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "protobuf")]
mod protobuf;

use eventstream_core::{Codec, Format, MarshalError, Marshaler, Message, Payload};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Gift, Placed};

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
        #[cfg(feature = "json")]
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
            #[cfg(feature = "json")]
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
                Err(
                    MarshalError::Undecodable { .. }
                        | MarshalError::UnsupportedMediaType { .. }
                        | MarshalError::NoCodec { .. }
                )
            );
            prop_assert!(refused);
        }
    }
}

fn one() -> Placed {
    Placed { order: 7, customer: "Ada".to_owned(), weight: 1.5, ..Placed::default() }
}
