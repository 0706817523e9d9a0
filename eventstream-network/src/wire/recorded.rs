use bytes::BufMut;

use super::{Fields, Malformed, Value, varint};
use crate::grpc::{PREFIX, prefix};

const OFFSET: u8 = 1 << 3;
const ENVELOPE: u8 = 2 << 3 | 2;
const EVENTS: u8 = 1 << 3 | 2;

/// What stands before the bytes of an event at most: the prefix, and three times a tag and a number.
pub(crate) const HEAD_LEN: usize = PREFIX + 3 * (1 + varint::MAX_LEN);

/// An event as it comes: `RecordedEvent` of ours, and `ConsumeResponse` of the protocols A and B,
/// which have the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recorded<'a> {
    pub(crate) offset: u64,
    /// Not checked.
    pub(crate) envelope: &'a [u8],
}

impl<'a> Recorded<'a> {
    #[inline]
    pub(crate) fn decode(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::of(message);
        let (mut offset, mut envelope) = (0, &[][..]);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Number(value)) => offset = value,
                (2, Value::Bytes(value)) => envelope = value,
                _ => {}
            }
        }
        // One of no bytes is none; refused here, so that many of them don't take much memory.
        if envelope.is_empty() { Err(Malformed) } else { Ok(Self { offset, envelope }) }
    }
}

fn body_len(offset: u64, wire: usize) -> usize {
    let offset = if offset == 0 { 0 } else { 1 + varint::len(offset) };
    offset + 1 + varint::len(wire as u64) + wire
}

#[inline]
fn put_body_head(buffer: &mut impl BufMut, offset: u64, wire: usize) {
    if offset != 0 {
        buffer.put_u8(OFFSET);
        varint::put(buffer, offset);
    }
    buffer.put_u8(ENVELOPE);
    varint::put(buffer, wire as u64);
}

/// The frame of one event, up to its `wire` bytes.
#[inline]
pub(crate) fn put_head(buffer: &mut impl BufMut, offset: u64, wire: usize) {
    buffer.put_slice(&prefix(body_len(offset, wire)));
    put_body_head(buffer, offset, wire);
}

/// An event as a field of a batch, up to its `wire` bytes.
#[inline]
pub(crate) fn put_head_in_batch(buffer: &mut impl BufMut, offset: u64, wire: usize) {
    buffer.put_u8(EVENTS);
    varint::put(buffer, body_len(offset, wire) as u64);
    put_body_head(buffer, offset, wire);
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use prost::Message;

    use super::*;
    use crate::proto::dogma::interop::v1::{envelope::Envelope, eventstream::ConsumeResponse};

    #[test]
    fn it_is_what_prost_makes() {
        for offset in [0, 1, 127, 128, u64::MAX] {
            for data in [0, 200, 70_000] {
                let data = vec![7; data].into();
                let envelope = Envelope { data, message_id: "m".into(), ..Envelope::default() };
                let wire = Bytes::from(envelope.encode_to_vec());
                let response = ConsumeResponse { offset, envelope: Some(envelope) };
                let mut frame = BytesMut::new();
                put_head(&mut frame, offset, wire.len());
                assert!(frame.len() <= HEAD_LEN);
                frame.put_slice(&wire);
                assert_eq!(frame, crate::grpc::whole(&response));
                let recorded = Recorded::decode(&frame[PREFIX..]).unwrap();
                assert_eq!(recorded, Recorded { offset, envelope: &wire });
            }
        }
    }
}
