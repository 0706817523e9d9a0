use bytes::Bytes;
use eventstream_core::{Envelope, EventTypes, Identity, Parcel, Timestamp};

/// The event types that the suite appends.
pub(crate) const TYPES: [&str; 3] = [A, B, C];
pub(crate) const A: &str = "streamtest.opened";
pub(crate) const B: &str = "streamtest.changed";
pub(crate) const C: &str = "streamtest.closed";

/// The event types that a stream under test has to carry.
///
/// # Examples
///
/// ```
/// assert_eq!(eventstream_streamtest::event_types().names().unwrap().len(), 3);
/// ```
#[must_use]
pub fn event_types() -> EventTypes {
    TYPES.into_iter().collect()
}

/// Makes parcels of one application, each with a message id of its own.
///
/// The payload is JSON, and so says the media type.
///
/// # Examples
///
/// ```
/// use eventstream_core::Identity;
/// use eventstream_streamtest::Parcels;
///
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let mut parcels = Parcels::new(shop.clone());
/// let (first, second) = (parcels.make("order.placed"), parcels.make("order.paid"));
///
/// assert_eq!(first.source_application(), shop);
/// assert_eq!(second.event_type(), "order.paid");
/// assert_ne!(first.message_id(), second.message_id());
/// ```
#[derive(Clone, Debug)]
pub struct Parcels {
    application: Identity,
    handler: Identity,
    made: u64,
}

impl Parcels {
    /// For the parcels of an application.
    ///
    /// # Panics
    ///
    /// The methods do, if the application is not valid: see [`Identity::check`].
    #[must_use]
    pub fn new(application: Identity) -> Self {
        Self {
            application,
            handler: Identity::new("streamtest", "5c9a2b5e-3d0c-4f0a-9f37-6d9a0e8b1c42"),
            made: 0,
        }
    }

    /// A parcel with a small payload that is like no other.
    #[must_use]
    pub fn make(&mut self, event_type: &str) -> Parcel {
        let payload = format!(r#"{{"event":{}}}"#, self.made);
        self.make_with(event_type, payload)
    }

    /// A parcel with this payload.
    #[must_use]
    pub fn make_with(&mut self, event_type: &str, payload: impl Into<Bytes>) -> Parcel {
        let mut envelope = self.envelope(event_type, payload);
        // Some have the fields that are optional, some don't.
        if self.made.is_multiple_of(2) {
            envelope.source_handler = Some(self.handler.clone());
            envelope.source_instance_id = format!("instance-{}", self.made % 3);
            envelope.description = format!("event {} of its stream", self.made);
        }
        seal(envelope)
    }

    /// The handler that some of the parcels are recorded by.
    pub(crate) fn handler(&self) -> &Identity {
        &self.handler
    }

    /// A parcel that is recorded by this instance of a handler.
    pub(crate) fn make_from(&mut self, handler: Option<&Identity>, instance: &str) -> Parcel {
        seal(Envelope {
            source_handler: handler.cloned(),
            source_instance_id: instance.to_owned(),
            ..self.envelope(A, format!("{{\"event\":{}}}", self.made))
        })
    }

    /// A parcel that is recorded at this time.
    pub(crate) fn make_at(&mut self, created_at: Timestamp) -> Parcel {
        seal(Envelope { created_at, ..self.envelope(A, "{}") })
    }

    fn envelope(&mut self, event_type: &str, payload: impl Into<Bytes>) -> Envelope {
        self.made += 1;
        Envelope {
            data: payload.into(),
            ..Envelope::new(random_uuid(), self.application.clone(), event_type, "application/json")
        }
    }
}

fn seal(envelope: Envelope) -> Parcel {
    match Parcel::seal(envelope) {
        Ok(parcel) => parcel,
        Err(error) => panic!("a stream has to be of a valid application: {error}"),
    }
}

/// Version 4, of the variant of RFC 9562.
fn random_uuid() -> String {
    let bits = fastrand::u128(..) & !(0xf000 << 64) & !(0xc000 << 48) | (4 << 76) | (0x8000 << 48);
    let text = format!("{bits:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_4() {
        for _ in 0..100 {
            let id = random_uuid();
            assert_eq!(id.len(), 36, "{id}");
            assert_eq!(&id[14..15], "4", "{id}");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
    }
}
