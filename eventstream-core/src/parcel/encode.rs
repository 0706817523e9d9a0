//! From an envelope's fields to wire bytes: the only place where an envelope is encoded.

use super::{
    number,
    wire::{len_tag, put_varint, varint_len},
};
use crate::{Envelope, Identity, Timestamp};

/// The wire bytes of an envelope, in one allocation of just that size.
pub(super) fn encode(envelope: &Envelope) -> Vec<u8> {
    let mut size = Size(0);
    write(envelope, &mut size);
    let mut out = Vec::with_capacity(size.0);
    write(envelope, &mut out);
    debug_assert_eq!(out.len(), size.0);
    out
}

/// What fields are written to: first a counter, then the bytes.
pub(super) trait Sink {
    /// A field that begins with its tag and its length.
    fn header(&mut self, number: u32, len: usize);
    fn bytes(&mut self, bytes: &[u8]);
}

struct Size(usize);

impl Sink for Size {
    fn header(&mut self, number: u32, len: usize) {
        self.0 += varint_len(len_tag(number)) + varint_len(len as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

impl Sink for Vec<u8> {
    fn header(&mut self, number: u32, len: usize) {
        put_varint(self, len_tag(number));
        put_varint(self, len as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

fn write(envelope: &Envelope, sink: &mut impl Sink) {
    put(sink, number::MESSAGE_ID, envelope.message_id.as_bytes());
    put(sink, number::CAUSATION_ID, envelope.causation_id.as_bytes());
    put(sink, number::CORRELATION_ID, envelope.correlation_id.as_bytes());
    put_identity(sink, number::SOURCE_APPLICATION, Some(&envelope.source_application));
    put_identity(sink, number::SOURCE_HANDLER, envelope.source_handler.as_ref());
    put(sink, number::SOURCE_INSTANCE_ID, envelope.source_instance_id.as_bytes());
    put(sink, number::CREATED_AT, envelope.created_at.as_str().as_bytes());
    let scheduled_for = envelope.scheduled_for.as_ref().map_or("", Timestamp::as_str);
    put(sink, number::SCHEDULED_FOR, scheduled_for.as_bytes());
    put(sink, number::DESCRIPTION, envelope.description.as_bytes());
    put(sink, number::PORTABLE_NAME, envelope.portable_name.as_bytes());
    put(sink, number::MEDIA_TYPE, envelope.media_type.as_bytes());
    put(sink, number::DATA, &envelope.data);
    put_identity(sink, number::SOURCE_SITE, envelope.source_site.as_ref());
    for (key, value) in &envelope.attributes {
        put_pair(sink, number::ATTRIBUTES, key, value);
    }
}

/// An empty value is not written: so proto3 has it.
pub(super) fn put(sink: &mut impl Sink, number: u32, value: &[u8]) {
    if !value.is_empty() {
        sink.header(number, value.len());
        sink.bytes(value);
    }
}

fn put_identity(sink: &mut impl Sink, number: u32, identity: Option<&Identity>) {
    if let Some(Identity { name, key }) = identity {
        put_pair(sink, number, name, key);
    }
}

/// A message of two texts: an identity, or an entry of a map.
fn put_pair(sink: &mut impl Sink, number: u32, first: &str, second: &str) {
    let mut size = Size(0);
    put(&mut size, number::FIRST, first.as_bytes());
    put(&mut size, number::SECOND, second.as_bytes());
    sink.header(number, size.0);
    put(sink, number::FIRST, first.as_bytes());
    put(sink, number::SECOND, second.as_bytes());
}
