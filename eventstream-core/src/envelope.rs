use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Identity, Timestamp};

/// The fields of an event message: what people build and print.
///
/// To be stored or sent it is sealed into a [`Parcel`](crate::Parcel), which checks it and
/// encodes it, once.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Envelope, Identity, Parcel};
///
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let envelope = Envelope {
///     data: r#"{"order":7}"#.into(),
///     ..Envelope::new("8d7f6f3c-9f3c-4f0c-9c3b-0f6f0a6f7b11", shop, "order.placed", "application/json")
/// };
/// let parcel = Parcel::seal(envelope)?;
/// assert_eq!(parcel.event_type(), "order.placed");
/// # Ok::<(), eventstream_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Identifies the message. A message id that is appended again is a repetition.
    pub message_id: String,
    /// The message that caused this one; its own id where nothing did.
    pub causation_id: String,
    /// The first ancestor of this message; its own id where nothing caused it.
    pub correlation_id: String,
    /// The application that recorded the event.
    pub source_application: Identity,
    /// The handler that recorded the event, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_handler: Option<Identity>,
    /// The instance of the handler that recorded the event; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_instance_id: String,
    /// When the event was recorded.
    pub created_at: Timestamp,
    /// For timeouts only: an event that has it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    /// What happened, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The event type.
    pub portable_name: String,
    /// The MIME type of `data`, which may carry parameters.
    pub media_type: String,
    /// The payload, which may be empty.
    pub data: Bytes,
    /// The site that the application ran at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_site: Option<Identity>,
    /// More about the message: trace context, extension attributes of `CloudEvents`.
    ///
    /// Dogma has no such field; its peers skip it and keep it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Envelope {
    /// An envelope of the required fields: recorded now, caused by nothing, without payload.
    pub fn new(
        message_id: impl Into<String>,
        source_application: Identity,
        event_type: impl Into<String>,
        media_type: impl Into<String>,
    ) -> Self {
        let message_id = message_id.into();
        Self {
            causation_id: message_id.clone(),
            correlation_id: message_id.clone(),
            message_id,
            source_application,
            source_handler: None,
            source_instance_id: String::new(),
            created_at: Timestamp::now(),
            scheduled_for: None,
            description: String::new(),
            portable_name: event_type.into(),
            media_type: media_type.into(),
            data: Bytes::new(),
            source_site: None,
            attributes: BTreeMap::new(),
        }
    }
}
