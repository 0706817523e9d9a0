//! Media types and payloads: a media type, the one that is wanted, and the payload, each after the
//! end of a line.

use std::collections::BTreeMap;

use eventstream_core::{Codec, Format, MarshalError, Marshaler, Message, Payload};
use serde::{Deserialize, Serialize};

use crate::memory::bounded;

/// Parts of media types, and of payloads.
pub const WORDS: &[&[u8]] = &[
    b"application/json\n",
    b"application/cbor\n",
    b"application/protobuf\n",
    b"application/vnd.google.protobuf\n",
    b"text/plain",
    b"+json",
    b"+cbor",
    b"; type=order.placed",
    b"; type=\"order.placed\"",
    b"; charset=utf-8",
    b"; a=\"b\\\"c\"",
    b";",
    b"\\",
    b"\"order\":",
    b"\"customer\":\"\"",
    b"\"gift\":{\"card\":[0],\"wrapped\":true}",
    b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff",
    b"\x5f",
    b"\xc1",
];

const TO: [&str; 4] = [
    "application/json",
    "application/cbor",
    "application/protobuf",
    "application/x+json; type=\"order.placed\"",
];

/// A payload may ask for a mebibyte by saying how long it is, each time something with a length
/// begins: so serde bounds what it believes. This many things are within each other at most.
const MEMORY: usize = 512 * 1024 * 1024;

/// A message that every format can carry.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
struct Placed {
    #[prost(uint64, tag = "1")]
    order: u64,
    #[prost(string, tag = "2")]
    customer: String,
    #[prost(sint64, optional, tag = "3")]
    discount: Option<i64>,
    #[prost(double, tag = "4")]
    weight: f64,
    #[prost(string, repeated, tag = "5")]
    items: Vec<String>,
    #[prost(message, optional, tag = "6")]
    gift: Option<Gift>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
struct Gift {
    #[prost(bytes = "vec", tag = "1")]
    card: Vec<u8>,
    #[prost(bool, tag = "2")]
    wrapped: bool,
}

impl Message for Placed {
    const TYPE: &'static str = "order.placed";
}

/// One that serde has to keep in hand before it knows what it is, as deep as it goes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    #[serde(flatten)]
    branches: BTreeMap<String, Branch>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Branch {
    Leaf(u32),
    Fork(Vec<Branch>),
    Named(BTreeMap<String, Branch>),
}

impl Message for Tree {
    const TYPE: &'static str = "tree";
}

/// One whose type is a text that has to be escaped in a media type.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Odd(u32);

impl Message for Odd {
    const TYPE: &'static str = "an \"odd\" \\ type";
}

/// What can be read is the same after it was written in any format, and what can't is told as the
/// error that is meant for it.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let (Some(media_type), Some(wanted)) = (parts.next(), parts.next()) else { return };
    let (Ok(media_type), Ok(wanted)) =
        (std::str::from_utf8(media_type), std::str::from_utf8(wanted))
    else {
        return;
    };
    let payload = Payload::new(media_type, parts.next().unwrap_or_default().to_vec());
    let marshaler =
        Marshaler::json().message_with::<Placed>([Codec::json(), Codec::cbor(), Codec::protobuf()]);
    let found = bounded(MEMORY, || read::<Placed>(&marshaler, &payload));
    // JSON has no other numbers: what is to be done with them is a matter of the message's type.
    if let Some(placed) = found.as_ref().filter(|placed| placed.weight.is_finite()) {
        for to in TO.into_iter().chain([media_type]) {
            let written = marshaler.marshal_as(to, placed).expect("there is a codec for it");
            assert_eq!(written.media_type, to);
            assert_eq!(read::<Placed>(&marshaler, &written).as_ref(), Some(placed));
            transcoded(&marshaler, &payload, to, placed);
        }
        transcoded(&marshaler, &payload, wanted, placed);
    } else if let Err(error) = marshaler.transcode_payload(Placed::TYPE, &payload, &[wanted]) {
        assert!(!error.to_string().is_empty());
    }
    let trees = Marshaler::new([Format::Json, Format::Cbor]);
    if let Some(tree) = bounded(MEMORY, || read::<Tree>(&trees, &payload)) {
        let written = trees.marshal_as(media_type, &tree).expect("it was read");
        assert_eq!(read::<Tree>(&trees, &written), Some(tree));
    }
    codec_of(media_type);
}

/// Reads a payload, or sees to it that the error is one of those that say why it can't be.
fn read<M: Message>(marshaler: &Marshaler, payload: &Payload) -> Option<M> {
    match marshaler.unmarshal_from(&payload.media_type, &payload.data) {
        Ok(message) => Some(message),
        Err(
            error @ (MarshalError::InvalidMediaType { .. }
            | MarshalError::WrongTypeParameter { .. }
            | MarshalError::UnsupportedMediaType { .. }
            | MarshalError::Undecodable { .. }),
        ) => {
            assert!(!error.to_string().is_empty());
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// What is asked for in a media type comes in it, or as it is, and says the same.
fn transcoded(marshaler: &Marshaler, payload: &Payload, wanted: &str, placed: &Placed) {
    match marshaler.transcode_payload(Placed::TYPE, payload, &[wanted]) {
        Ok(transcoded) => {
            assert!(transcoded.media_type == wanted || transcoded == *payload);
            assert_eq!(read::<Placed>(marshaler, &transcoded).as_ref(), Some(placed));
        }
        Err(MarshalError::NotProducible { .. } | MarshalError::InvalidMediaType { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
}

/// What can be the media type of a codec is one that events can be read by, also with the type
/// added.
fn codec_of(media_type: &str) {
    let codec = Codec::<Odd>::new(
        media_type,
        |odd| Ok(odd.0.to_string().into()),
        |data| Ok(Odd(std::str::from_utf8(data)?.parse()?)),
    );
    let Ok(codec) = codec else { return };
    let plain = Marshaler::new([]).message_with([codec]);
    for marshaler in [plain.clone(), plain.with_type_parameter()] {
        let payload = marshaler.marshal(&Odd(7)).expect("a number");
        assert_eq!(marshaler.media_types_for(Odd::TYPE), [payload.media_type.as_str()]);
        assert_eq!(read::<Odd>(&marshaler, &payload), Some(Odd(7)), "{}", payload.media_type);
    }
}
