use bytes::BufMut;
use eventstream_core::Incarnation;

use super::{Fields, Malformed, Recorded, Value, varint};

const POSITION: u8 = 2 << 3;
const AT_TAIL: u8 = 3 << 3;

/// What [`put_position`] writes at most.
pub(crate) const POSITION_LEN: usize = 1 + varint::MAX_LEN + 2;

/// No more events than this are in a batch: each takes some memory, however short it is.
const MAX_EVENTS: usize = 1 << 16;

/// `eventstream.v1.ConsumeResponse`, as it comes; but for its events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) position: u64,
    pub(crate) at_tail: bool,
    pub(crate) incarnation: Option<Incarnation>,
}

impl Batch {
    /// Hands out the events as they stand there.
    pub(crate) fn decode<'a, E: From<Malformed>>(
        message: &'a [u8],
        mut take: impl FnMut(Recorded<'a>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut fields = Fields::of(message);
        let (mut batch, mut count) = (Self::default(), 0);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(_)) if count == MAX_EVENTS => return Err(Malformed.into()),
                (1, Value::Bytes(value)) => {
                    count += 1;
                    take(Recorded::decode(value)?)?;
                }
                (2, Value::Number(value)) => batch.position = value,
                (3, Value::Number(value)) => batch.at_tail = value != 0,
                (4, Value::Bytes(value)) if !value.is_empty() => {
                    let bytes = value.try_into().map_err(|_| Malformed)?;
                    batch.incarnation = Some(Incarnation::from_bytes(bytes));
                }
                _ => {}
            }
        }
        Ok(batch)
    }
}

/// Position and tail, for the end of a batch.
pub(crate) fn put_position(buffer: &mut impl BufMut, position: u64, at_tail: bool) {
    buffer.put_u8(POSITION);
    varint::put(buffer, position);
    if at_tail {
        buffer.put_slice(&[AT_TAIL, 1]);
    }
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use prost::Message;

    use super::*;
    use crate::{
        proto::{
            dogma::interop::v1::envelope::Envelope,
            eventstream::v1::{ConsumeResponse, RecordedEvent},
        },
        wire::put_head_in_batch,
    };

    #[test]
    fn it_is_what_prost_makes() {
        let envelopes =
            ["a", "b"].map(|id| Envelope { message_id: id.into(), ..Envelope::default() });
        let wires = envelopes.clone().map(|envelope| Bytes::from(envelope.encode_to_vec()));
        let mut bytes = BytesMut::new();
        for (offset, wire) in (0..).zip(&wires) {
            put_head_in_batch(&mut bytes, offset, wire.len());
            bytes.put_slice(wire);
        }
        put_position(&mut bytes, 300, true);

        let events = (0..)
            .zip(envelopes)
            .map(|(offset, envelope)| RecordedEvent { offset, envelope: Some(envelope) });
        let incarnation = Bytes::new();
        let made =
            ConsumeResponse { events: events.collect(), position: 300, at_tail: true, incarnation };
        assert_eq!(bytes, made.encode_to_vec());

        let mut found = Vec::new();
        let batch = Batch::decode(&bytes, |event| {
            found.push(event);
            Ok::<_, Malformed>(())
        })
        .unwrap();
        assert_eq!((batch.position, batch.at_tail, batch.incarnation), (300, true, None));
        let events = (0..).zip(&wires).map(|(offset, envelope)| Recorded { offset, envelope });
        assert_eq!(found, events.collect::<Vec<_>>());
    }

    #[test]
    fn so_many_events_are_in_a_batch_and_no_more() {
        let decode = |count| {
            let mut taken = 0;
            Batch::decode(&b"\x0a\x03\x12\x01x".repeat(count), |_| {
                taken += 1;
                Ok::<_, Malformed>(())
            })
            .map(|_| taken)
        };
        assert_eq!(decode(MAX_EVENTS), Ok(MAX_EVENTS));
        assert_eq!(decode(MAX_EVENTS + 1), Err(Malformed));
    }

    #[test]
    fn an_incarnation_has_sixteen_bytes() {
        let hello =
            |len| ConsumeResponse { incarnation: vec![9; len].into(), ..Default::default() };
        let decode = |len| {
            let no_event = |_| Err(Malformed);
            Batch::decode(&hello(len).encode_to_vec(), no_event)
        };
        assert_eq!(decode(16).unwrap().incarnation, Some(Incarnation::from_bytes([9; 16])));
        assert_eq!(decode(0).unwrap().incarnation, None);
        assert_eq!(decode(15), Err(Malformed));
    }
}
