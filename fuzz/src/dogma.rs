//! The envelope as prost reads and writes it: a second opinion.

use std::collections::BTreeMap;

use bytes::Bytes;
use eventstream_core::{self as core, Timestamp};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Identity {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    key: String,
}

/// `dogma.interop.v1.envelope.Envelope`, and the field that is ours.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Envelope {
    #[prost(string, tag = "1")]
    message_id: String,
    #[prost(string, tag = "2")]
    causation_id: String,
    #[prost(string, tag = "3")]
    correlation_id: String,
    #[prost(message, optional, tag = "4")]
    source_application: Option<Identity>,
    #[prost(message, optional, tag = "5")]
    source_handler: Option<Identity>,
    #[prost(string, tag = "6")]
    source_instance_id: String,
    #[prost(string, tag = "7")]
    created_at: String,
    #[prost(string, tag = "8")]
    scheduled_for: String,
    #[prost(string, tag = "9")]
    description: String,
    #[prost(string, tag = "10")]
    portable_name: String,
    #[prost(string, tag = "11")]
    media_type: String,
    #[prost(bytes = "bytes", tag = "12")]
    data: Bytes,
    #[prost(message, optional, tag = "13")]
    source_site: Option<Identity>,
    #[prost(btree_map = "string, string", tag = "1001")]
    attributes: BTreeMap<String, String>,
}

impl From<core::Identity> for Identity {
    fn from(core::Identity { name, key }: core::Identity) -> Self {
        Self { name, key }
    }
}

impl From<core::Envelope> for Envelope {
    fn from(envelope: core::Envelope) -> Self {
        Self {
            message_id: envelope.message_id,
            causation_id: envelope.causation_id,
            correlation_id: envelope.correlation_id,
            source_application: Some(envelope.source_application.into()),
            source_handler: envelope.source_handler.map(Into::into),
            source_instance_id: envelope.source_instance_id,
            created_at: envelope.created_at.into(),
            scheduled_for: envelope.scheduled_for.map(Timestamp::into).unwrap_or_default(),
            description: envelope.description,
            portable_name: envelope.portable_name,
            media_type: envelope.media_type,
            data: envelope.data,
            source_site: envelope.source_site.map(Into::into),
            attributes: envelope.attributes,
        }
    }
}
