use std::{borrow::Cow, fmt};

use super::{MarshalError, Message, media_type::Parsed};
use crate::BoxError;

/// How messages of one type are encoded in one media type, and decoded.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Codec, Marshaler, MarshalError, Message, Payload};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Paid(u32);
///
/// impl Message for Paid {
///     const TYPE: &'static str = "order.paid";
/// }
///
/// let text = Codec::<Paid>::new(
///     "text/plain",
///     |paid| Ok(paid.0.to_string().into()),
///     |data| Ok(Paid(std::str::from_utf8(data)?.parse()?)),
/// )?;
/// let marshaler = Marshaler::new([]).message_with([text]);
/// assert_eq!(marshaler.marshal(&Paid(7))?, Payload::new("text/plain", "7"));
/// assert_eq!(marshaler.unmarshal_from::<Paid>("text/plain; charset=utf-8", b"7")?, Paid(7));
/// # Ok::<(), MarshalError>(())
/// ```
pub struct Codec<M> {
    media_type: Cow<'static, str>,
    /// Other names of the media type.
    aliases: &'static [&'static str],
    encode: Encode<M>,
    decode: Decode<M>,
}

type Encode<M> = fn(&M) -> Result<Vec<u8>, BoxError>;
type Decode<M> = fn(&[u8]) -> Result<M, BoxError>;

impl<M: Message> Codec<M> {
    /// A codec of one's own.
    ///
    /// If the media type has parameters, the codec is one for those media types that have them,
    /// too, whatever else they have. `charset` makes no difference.
    ///
    /// # Errors
    ///
    /// - [`MarshalError::InvalidMediaType`] if it is none.
    /// - [`MarshalError::WrongTypeParameter`] if it has a parameter `type` that is another than
    ///   the message's.
    pub fn new(
        media_type: impl Into<String>,
        encode: fn(&M) -> Result<Vec<u8>, BoxError>,
        decode: fn(&[u8]) -> Result<M, BoxError>,
    ) -> Result<Self, MarshalError> {
        let media_type = media_type.into();
        parse(M::TYPE, &media_type)?;
        Ok(Self { media_type: media_type.into(), aliases: &[], encode, decode })
    }

    /// `application/json`.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn json() -> Self {
        Self {
            media_type: "application/json".into(),
            aliases: &[],
            encode: |message| Ok(serde_json::to_vec(message)?),
            decode: |data| Ok(serde_json::from_slice(data)?),
        }
    }

    /// `application/cbor`.
    #[cfg(feature = "cbor")]
    #[must_use]
    pub fn cbor() -> Self {
        Self {
            media_type: "application/cbor".into(),
            aliases: &[],
            encode: |message| {
                let mut data = Vec::new();
                ciborium::into_writer(message, &mut data)?;
                Ok(data)
            },
            decode: |mut data| {
                let message = ciborium::from_reader(&mut data)?;
                if data.is_empty() {
                    Ok(message)
                } else {
                    Err(format!("{} bytes follow the message", data.len()).into())
                }
            },
        }
    }

    /// `application/vnd.google.protobuf`, as Dogma's engines call it; `application/protobuf` and
    /// `application/x-protobuf` are taken for the same.
    #[cfg(feature = "protobuf")]
    #[must_use]
    pub fn protobuf() -> Self
    where
        M: prost::Message + Default,
    {
        Self {
            media_type: "application/vnd.google.protobuf".into(),
            aliases: &["application/protobuf", "application/x-protobuf"],
            encode: |message| Ok(message.encode_to_vec()),
            decode: |data| Ok(M::decode(data)?),
        }
    }

    /// The media type that it encodes in.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The names of what it can decode.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.media_type()).chain(self.aliases.iter().copied())
    }

    pub(super) fn encode(&self, message: &M, media_type: &str) -> Result<Vec<u8>, MarshalError> {
        (self.encode)(message).map_err(|source| MarshalError::Unencodable {
            event_type: M::TYPE.to_owned(),
            media_type: media_type.to_owned(),
            source,
        })
    }

    pub(super) fn decode(&self, data: &[u8], media_type: &str) -> Result<M, MarshalError> {
        (self.decode)(data).map_err(|source| MarshalError::Undecodable {
            event_type: M::TYPE.to_owned(),
            media_type: media_type.to_owned(),
            source,
        })
    }
}

/// Reads a media type that has to do with an event type.
pub(super) fn parse<'a>(event_type: &str, media_type: &'a str) -> Result<Parsed<'a>, MarshalError> {
    let parsed = parse_any(event_type, media_type)?;
    match parsed.contradiction(event_type) {
        None => Ok(parsed),
        Some(parameter) => Err(MarshalError::WrongTypeParameter {
            event_type: event_type.to_owned(),
            media_type: media_type.to_owned(),
            parameter,
        }),
    }
}

/// The same, whatever its parameter `type` is.
pub(super) fn parse_any<'a>(
    event_type: &str,
    media_type: &'a str,
) -> Result<Parsed<'a>, MarshalError> {
    Parsed::parse(media_type).map_err(|problem| MarshalError::InvalidMediaType {
        event_type: event_type.to_owned(),
        media_type: media_type.to_owned(),
        problem,
    })
}

impl<M> Clone for Codec<M> {
    fn clone(&self) -> Self {
        Self { media_type: self.media_type.clone(), ..*self }
    }
}

impl<M> fmt::Debug for Codec<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}
