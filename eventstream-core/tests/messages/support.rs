use std::error::Error as StdError;

use eventstream_core::{Codec, Envelope, Identity, Marshaler, Message, Parcel};
use serde::{Deserialize, Serialize};

/// A message that every format can carry.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub(crate) struct Placed {
    #[prost(uint64, tag = "1")]
    pub(crate) order: u64,
    #[prost(string, tag = "2")]
    pub(crate) customer: String,
    #[prost(sint64, optional, tag = "3")]
    pub(crate) discount: Option<i64>,
    #[prost(double, tag = "4")]
    pub(crate) weight: f64,
    #[prost(string, repeated, tag = "5")]
    pub(crate) items: Vec<String>,
    #[prost(message, optional, tag = "6")]
    pub(crate) gift: Option<Gift>,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub(crate) struct Gift {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) card: Vec<u8>,
    #[prost(bool, tag = "2")]
    pub(crate) wrapped: bool,
}

impl Message for Placed {
    const TYPE: &'static str = "order.placed";
}

/// A message with a codec of its own: a number in `text/plain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paid(pub(crate) u32);

impl Message for Paid {
    const TYPE: &'static str = "order.paid";
}

/// The same events, for somebody who only counts digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Digits(pub(crate) usize);

impl Message for Digits {
    const TYPE: &'static str = Paid::TYPE;
}

pub(crate) fn text() -> Codec<Paid> {
    Codec::new("text/plain", encode_text, decode_text).unwrap()
}

fn encode_text(paid: &Paid) -> Result<Vec<u8>, eventstream_core::BoxError> {
    if paid.0 == u32::MAX { Err("too much".into()) } else { Ok(paid.0.to_string().into()) }
}

fn decode_text(data: &[u8]) -> Result<Paid, eventstream_core::BoxError> {
    Ok(Paid(std::str::from_utf8(data)?.parse()?))
}

/// Another format of `Paid`: as many bytes as was paid.
pub(crate) fn unary(media_type: &str) -> Codec<Paid> {
    Codec::new(
        media_type,
        |paid: &Paid| Ok(vec![b'|'; usize::try_from(paid.0)?]),
        |data| Ok(Paid(u32::try_from(data.len())?)),
    )
    .unwrap()
}

/// Knows `Paid` and `Digits` as texts, and needs no feature.
pub(crate) fn text_marshaler() -> Marshaler {
    let digits = Codec::new(
        "text/plain",
        |digits: &Digits| Ok(vec![b'1'; digits.0]),
        |data| Ok(Digits(data.len())),
    );
    Marshaler::new([]).message_with([digits.unwrap()]).message_with([text()])
}

pub(crate) fn shop() -> Identity {
    Identity::new("shop", "shop-key")
}

pub(crate) fn parcel(event_type: &str, media_type: &str, data: &str) -> Parcel {
    Parcel::seal(Envelope {
        data: data.to_owned().into(),
        ..Envelope::new("m", shop(), event_type, media_type)
    })
    .unwrap()
}

/// An error with all its sources.
pub(crate) fn chain(error: &dyn StdError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
