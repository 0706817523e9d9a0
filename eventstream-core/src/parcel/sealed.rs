use std::{collections::BTreeMap, fmt, time::SystemTime};

use bytes::Bytes;

use super::{
    check, encode, glance,
    index::Index,
    number,
    pair::{self, text},
    repack::repack,
    wire::Fields,
};
use crate::{Envelope, Identity, IdentityRef, Result, Timestamp, timestamp};

/// The sealed, immutable form of an [`Envelope`]: checked and encoded once, cheap to clone.
///
/// A parcel is its bytes on the wire (protobuf, see [`wire`](Self::wire)) and a small index of
/// where its fields stand in them. Stores write those bytes, servers frame them and clients slice
/// them out of a frame: nothing is encoded again on the way, and fields are read when somebody
/// asks for them. Fields that this version does not know are kept, byte for byte.
///
/// Two parcels are equal if their bytes are.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Envelope, Identity, Parcel};
///
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let parcel = Parcel::seal(Envelope {
///     data: "{}".into(),
///     ..Envelope::new("m-1", shop.clone(), "order.placed", "application/json")
/// })?;
///
/// let received = Parcel::from_wire(parcel.wire().clone())?;
/// assert_eq!(received, parcel);
/// assert_eq!(received.message_id(), "m-1");
/// assert_eq!(received.source_application(), shop);
/// assert_eq!(received.data(), "{}");
/// # Ok::<(), eventstream_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Parcel {
    wire: Bytes,
    index: Index,
}

impl Parcel {
    /// Checks an envelope and encodes it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope), which names the field and what
    /// is wrong with it.
    // By value: sealing is the end of an envelope, and leaves room to reuse its memory.
    #[allow(clippy::needless_pass_by_value)]
    pub fn seal(envelope: Envelope) -> Result<Self> {
        Self::from_wire(encode::encode(&envelope).into())
    }

    /// Takes the wire bytes of an envelope, and checks them: for what comes from outside.
    ///
    /// Fields may stand in any order, and unknown ones among them are kept.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope), which names the field and what
    /// is wrong with it.
    pub fn from_wire(wire: Bytes) -> Result<Self> {
        match glance::index(&wire) {
            Some(index) => Ok(Self { wire, index }),
            None => check::parcel(wire),
        }
    }

    /// Takes bytes that were the [`wire`](Self::wire) of a parcel before: for stores that read
    /// back what they wrote, and protect it by a checksum.
    ///
    /// Only the structure is looked at, to find the fields. Text that is not UTF-8 after all
    /// reads as empty.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope) if the bytes are no message.
    pub fn from_trusted_wire(wire: Bytes) -> Result<Self> {
        Ok(Self { index: check::index(&wire)?, wire })
    }

    /// The same envelope with another payload: what is left are all other fields, byte for byte,
    /// also those that this version does not know.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope) if the media type is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Envelope, Identity, Parcel};
    ///
    /// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    /// let parcel = Parcel::seal(Envelope {
    ///     data: "{}".into(),
    ///     ..Envelope::new("m-1", shop, "order.placed", "application/json")
    /// })?;
    /// let repacked = parcel.with_payload("application/cbor", b"\xa0")?;
    /// assert_eq!((repacked.media_type(), &repacked.data()[..]), ("application/cbor", &b"\xa0"[..]));
    /// assert_eq!(repacked.message_id(), "m-1");
    /// # Ok::<(), eventstream_core::Error>(())
    /// ```
    pub fn with_payload(&self, media_type: &str, data: &[u8]) -> Result<Self> {
        let repacked = repack(&self.wire, media_type, data);
        let wire = repacked.map_err(|problem| crate::Error::invalid("envelope", problem))?;
        Self::from_wire(wire.into())
    }

    /// The bytes of the envelope in protobuf's wire format, just as they were sealed or received.
    #[must_use]
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// What identifies the message.
    #[must_use]
    pub fn message_id(&self) -> &str {
        self.text(number::MESSAGE_ID)
    }

    /// The id of the message that caused this one; its own where nothing did.
    #[must_use]
    pub fn causation_id(&self) -> &str {
        self.text(number::CAUSATION_ID)
    }

    /// The id of the first ancestor; its own where nothing caused this message.
    #[must_use]
    pub fn correlation_id(&self) -> &str {
        self.text(number::CORRELATION_ID)
    }

    /// The application that recorded the event.
    #[must_use]
    pub fn source_application(&self) -> IdentityRef<'_> {
        self.identity(number::SOURCE_APPLICATION).unwrap_or(IdentityRef { name: "", key: "" })
    }

    /// Whether this application recorded the event: whether the keys are the same. The name may
    /// change.
    #[must_use]
    #[inline]
    pub fn is_from(&self, application: &Identity) -> bool {
        let source = self.find(number::SOURCE_APPLICATION);
        source.is_some_and(|range| pair::has_second(&self.wire[range], application.key.as_bytes()))
    }

    /// Checks that this application recorded the event.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope), which names both, if another one
    /// did.
    #[inline]
    pub fn check_is_from(&self, application: &Identity) -> Result<()> {
        if self.is_from(application) { Ok(()) } else { Err(self.is_not_from(application)) }
    }

    #[cold]
    fn is_not_from(&self, application: &Identity) -> crate::Error {
        let problem = format!("is {}, and not {application}", self.source_application());
        crate::Error::invalid("source_application", problem)
    }

    /// The handler that recorded the event, if one did.
    #[must_use]
    pub fn source_handler(&self) -> Option<IdentityRef<'_>> {
        self.identity(number::SOURCE_HANDLER)
    }

    /// The instance of the handler that recorded the event; empty without one.
    #[must_use]
    pub fn source_instance_id(&self) -> &str {
        self.text(number::SOURCE_INSTANCE_ID)
    }

    /// The site that the application ran at.
    #[must_use]
    pub fn source_site(&self) -> Option<IdentityRef<'_>> {
        self.identity(number::SOURCE_SITE)
    }

    /// When the event was recorded.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        timestamp::parse(self.created_at_text()).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// When the event was recorded, in the RFC 3339 text that it was given in.
    #[must_use]
    pub fn created_at_text(&self) -> &str {
        self.text(number::CREATED_AT)
    }

    /// What happened, for people.
    #[must_use]
    pub fn description(&self) -> &str {
        self.text(number::DESCRIPTION)
    }

    /// The portable name of the event's type.
    #[must_use]
    pub fn event_type(&self) -> &str {
        self.text(number::PORTABLE_NAME)
    }

    /// The bytes of the [`event_type`](Self::event_type): to look it up by, without having it
    /// checked as text once more.
    #[must_use]
    #[inline]
    pub fn event_type_bytes(&self) -> &[u8] {
        self.find(number::PORTABLE_NAME).map_or(&[], |range| &self.wire[range])
    }

    /// The MIME type of the payload, which may carry parameters.
    #[must_use]
    pub fn media_type(&self) -> &str {
        self.text(number::MEDIA_TYPE)
    }

    /// The payload: a slice of the wire bytes, not a copy.
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.find(number::DATA).map_or_else(Bytes::new, |range| self.wire.slice(range))
    }

    /// The value of an attribute, such as `traceparent`.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes().filter(|(found, _)| *found == key).map(|(_, value)| value).last()
    }

    /// The attributes as they stand in the wire bytes. Of a key that is there twice, the later
    /// value counts.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        Fields::of(&self.wire)
            .filter_map(Result::ok)
            .filter(|field| field.number == number::ATTRIBUTES)
            .filter_map(|field| field.value)
            .map(|range| pair::read(&self.wire[range]))
    }

    /// Reads every field. Unknown fields have no place in an [`Envelope`].
    #[must_use]
    pub fn to_envelope(&self) -> Envelope {
        Envelope {
            message_id: self.message_id().to_owned(),
            causation_id: self.causation_id().to_owned(),
            correlation_id: self.correlation_id().to_owned(),
            source_application: self.source_application().to_identity(),
            source_handler: self.source_handler().map(IdentityRef::to_identity),
            source_instance_id: self.source_instance_id().to_owned(),
            created_at: Timestamp::from_checked(self.created_at_text()),
            scheduled_for: None,
            description: self.description().to_owned(),
            portable_name: self.event_type().to_owned(),
            media_type: self.media_type().to_owned(),
            data: self.data(),
            source_site: self.source_site().map(IdentityRef::to_identity),
            attributes: self
                .attributes()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[cfg(test)]
    pub(super) fn index(&self) -> Index {
        self.index
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.find(number).is_some_and(|range| !range.is_empty())
    }

    pub(super) fn identity(&self, number: u32) -> Option<IdentityRef<'_>> {
        let (name, key) = pair::read(&self.wire[self.find(number)?]);
        Some(IdentityRef { name, key })
    }

    fn text(&self, number: u32) -> &str {
        self.find(number).map_or("", |range| text(&self.wire[range]))
    }

    #[inline]
    fn find(&self, number: u32) -> Option<std::ops::Range<usize>> {
        self.index.find(&self.wire, number)
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Parcel {}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("message_id", &self.message_id())
            .field("event_type", &self.event_type())
            .field("media_type", &self.media_type())
            .field("wire_len", &self.wire.len())
            .finish_non_exhaustive()
    }
}

impl TryFrom<Envelope> for Parcel {
    type Error = crate::Error;

    fn try_from(envelope: Envelope) -> Result<Self> {
        Self::seal(envelope)
    }
}
