use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};

use super::{
    Codec, Format, MarshalError, Message, Payload,
    codecs::{AnyCodecs, Codecs},
    transcode::transcode,
};
use crate::Parcel;

/// Turns messages into payloads, and back. Cheap to clone.
///
/// It has formats, in order of preference, and every message can be marshalled in them. A type that
/// is *registered* can also be [transcoded](Self::transcode), which is done by the name of the
/// type; and it may have [codecs of its own](Self::message_with), instead of the formats.
///
/// # Media types
///
/// - Their names are the same whatever their case, and their parameters may have any order.
/// - Where an event has more parameters than a codec asks for, they make no difference, and
///   `charset` never does: JSON is UTF-8.
/// - The parameter `type`, as in `application/json; type="OrderPlaced"`, has to be the type of the
///   message if it is there.
/// - What has a suffix, as in `application/vnd.shop.v1+json`, is taken for what the suffix says,
///   unless there is a codec of this name.
///
/// # Examples
///
#[cfg_attr(feature = "json", doc = "```")]
#[cfg_attr(not(feature = "json"), doc = "```text")]
/// use eventstream_core::{MarshalError, Marshaler, Message, Payload};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct OrderPlaced {
///     order: u64,
/// }
///
/// impl Message for OrderPlaced {
///     const TYPE: &'static str = "OrderPlaced";
/// }
///
/// let marshaler = Marshaler::json().with_type_parameter();
/// let payload = marshaler.marshal(&OrderPlaced { order: 7 })?;
/// assert_eq!(payload.media_type, r#"application/json; type="OrderPlaced""#);
/// assert_eq!(payload.data, r#"{"order":7}"#);
///
/// let message: OrderPlaced = marshaler.unmarshal_from("application/json", &payload.data)?;
/// assert_eq!(message, OrderPlaced { order: 7 });
/// # Ok::<(), MarshalError>(())
/// ```
#[derive(Clone)]
pub struct Marshaler(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    formats: Vec<Format>,
    type_parameter: bool,
    /// Of a Rust type, its `Codecs`.
    by_type: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    by_name: HashMap<&'static str, Arc<dyn AnyCodecs>>,
}

impl Marshaler {
    /// With formats in order of preference: messages are written in the first one.
    ///
    /// Without any, it is one for those types only that have codecs of their own.
    pub fn new(formats: impl IntoIterator<Item = Format>) -> Self {
        Self(Arc::new(Inner {
            formats: formats.into_iter().collect(),
            type_parameter: false,
            by_type: HashMap::new(),
            by_name: HashMap::new(),
        }))
    }

    /// With JSON as the only format.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn json() -> Self {
        Self::new([Format::Json])
    }

    /// Has [`marshal`](Self::marshal) name the message's type in the media type, as in
    /// `application/json; type="OrderPlaced"`: Dogma's engines in Go do so, and can't read events
    /// without.
    #[must_use]
    pub fn with_type_parameter(mut self) -> Self {
        Arc::make_mut(&mut self.0).type_parameter = true;
        self
    }

    /// Registers a type, with the marshaler's formats.
    ///
    /// If there is one of that name already, this one takes its place in what is done by name.
    #[must_use]
    pub fn message<M: Message>(self) -> Self {
        let codecs = self.of_formats::<M>();
        self.register(codecs)
    }

    /// Registers a type with codecs of its own, in order of preference, instead of the marshaler's
    /// formats.
    ///
    /// If there is one of that name already, this one takes its place in what is done by name.
    #[must_use]
    pub fn message_with<M: Message>(self, codecs: impl IntoIterator<Item = Codec<M>>) -> Self {
        self.register(Codecs::new(codecs))
    }

    fn register<M: Message>(mut self, codecs: Codecs<M>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.by_name.insert(M::TYPE, Arc::new(codecs.clone()));
        inner.by_type.insert(TypeId::of::<M>(), Arc::new(codecs));
        self
    }

    /// Marshals a message in the format that is preferred.
    ///
    /// # Errors
    ///
    /// [`MarshalError::Unencodable`] if the message has a value that can't be written,
    /// [`MarshalError::NoCodec`] if there is no format.
    pub fn marshal<M: Message>(&self, message: &M) -> Result<Payload, MarshalError> {
        self.codecs::<M>().marshal(message, self.0.type_parameter)
    }

    /// Marshals a message in a media type: the payload has exactly this one.
    ///
    /// # Errors
    ///
    /// - [`MarshalError::InvalidMediaType`] if it is none.
    /// - [`MarshalError::WrongTypeParameter`] if it is one of another type of message.
    /// - [`MarshalError::UnsupportedMediaType`] if there is no codec for it, and
    ///   [`MarshalError::NoCodec`] if there is none at all.
    /// - [`MarshalError::Unencodable`] if the message has a value that can't be written.
    pub fn marshal_as<M: Message>(
        &self,
        media_type: &str,
        message: &M,
    ) -> Result<Payload, MarshalError> {
        self.codecs::<M>().marshal_as(message, media_type)
    }

    /// Unmarshals the message of an event.
    ///
    /// # Errors
    ///
    /// - [`MarshalError::WrongType`] if the event is of another type.
    /// - Those of [`unmarshal_from`](Self::unmarshal_from).
    pub fn unmarshal<M: Message>(&self, parcel: &Parcel) -> Result<M, MarshalError> {
        if parcel.event_type() != M::TYPE {
            return Err(MarshalError::WrongType {
                expected: M::TYPE,
                actual: parcel.event_type().to_owned(),
            });
        }
        self.unmarshal_from(parcel.media_type(), &parcel.data())
    }

    /// Unmarshals a message of a media type.
    ///
    /// # Errors
    ///
    /// - [`MarshalError::InvalidMediaType`] if it is none.
    /// - [`MarshalError::WrongTypeParameter`] if it is one of another type of message.
    /// - [`MarshalError::UnsupportedMediaType`] if there is no codec for it, and
    ///   [`MarshalError::NoCodec`] if there is none at all.
    /// - [`MarshalError::Undecodable`] if the data can't be read as such a message.
    pub fn unmarshal_from<M: Message>(
        &self,
        media_type: &str,
        data: &[u8],
    ) -> Result<M, MarshalError> {
        self.codecs::<M>().unmarshal(media_type, data)
    }

    /// The event as somebody can read it who asks for one of some media types.
    ///
    /// It is as it is if it has one of them. Otherwise its message is decoded and encoded in the
    /// first of them that can be had, and has exactly that media type; where only the parameter
    /// `type` is missing, it is added. All else of the parcel stays byte for byte, also fields that
    /// this version does not know.
    ///
    /// # Errors
    ///
    /// - [`MarshalError::NotProducible`] if none of them can be had.
    /// - [`MarshalError::Unregistered`] if its type would have to be registered.
    /// - [`MarshalError::InvalidMediaType`] if one of them, or the event's, is no media type.
    /// - Those of [`unmarshal_from`](Self::unmarshal_from) and [`marshal_as`](Self::marshal_as).
    /// - [`MarshalError::Seal`] if the media type can't stand in an envelope.
    pub fn transcode(
        &self,
        parcel: &Parcel,
        wanted: &[impl AsRef<str>],
    ) -> Result<Parcel, MarshalError> {
        let event_type = parcel.event_type();
        let codecs = self.by_name(event_type);
        match transcode(event_type, parcel.media_type(), &parcel.data(), wanted, codecs)? {
            None => Ok(parcel.clone()),
            Some(Payload { media_type, data }) => {
                parcel.with_payload(&media_type, &data).map_err(MarshalError::seal(event_type))
            }
        }
    }

    /// The payload of an event of a type, as [`transcode`](Self::transcode) makes it.
    ///
    /// # Errors
    ///
    /// Those of [`transcode`](Self::transcode).
    pub fn transcode_payload(
        &self,
        event_type: &str,
        payload: &Payload,
        wanted: &[impl AsRef<str>],
    ) -> Result<Payload, MarshalError> {
        let Payload { media_type, data } = payload;
        let transcoded = transcode(event_type, media_type, data, wanted, self.by_name(event_type))?;
        Ok(transcoded.unwrap_or_else(|| payload.clone()))
    }

    /// The media types that events of a type can be had in, in order of preference; none if the
    /// type is not registered.
    #[must_use]
    pub fn media_types_for(&self, event_type: &str) -> Vec<String> {
        self.by_name(event_type)
            .map_or_else(Vec::new, |codecs| codecs.media_types(self.0.type_parameter))
    }

    fn by_name(&self, event_type: &str) -> Option<&dyn AnyCodecs> {
        self.0.by_name.get(event_type).map(Arc::as_ref)
    }

    pub(super) fn codecs<M: Message>(&self) -> Codecs<M> {
        let found = self.0.by_type.get(&TypeId::of::<M>());
        found
            .and_then(|codecs| codecs.downcast_ref::<Codecs<M>>())
            .map_or_else(|| self.of_formats(), Codecs::clone)
    }

    fn of_formats<M: Message>(&self) -> Codecs<M> {
        Codecs::new(self.0.formats.iter().map(|format| format.codec()))
    }
}

impl fmt::Debug for Marshaler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut registered: Vec<_> = self.0.by_name.keys().collect();
        registered.sort_unstable();
        f.debug_struct("Marshaler")
            .field("formats", &self.0.formats)
            .field("type_parameter", &self.0.type_parameter)
            .field("registered", &registered)
            .finish()
    }
}
