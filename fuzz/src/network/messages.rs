use bytes::{BufMut, Bytes, BytesMut};
use eventstream_core::Expect;
use prost::Message;

use crate::{
    memory::bounded,
    proto::eventstream::v1::{AppendRequest, ConsumeResponse, RecordedEvent},
    wire::{
        AppendMessage, AppendMessageError, Batch, HEAD_LEN, Malformed, Recorded, encode_append,
        put_head, put_head_in_batch, put_position,
    },
};

/// What each event and each parcel takes besides its bytes is bounded by the bytes that it has at
/// least, and by those that say that it is there.
fn most(data: &[u8]) -> usize {
    4096 + 64 * data.len()
}

pub(super) fn check(data: &[u8]) {
    let message = Bytes::copy_from_slice(data);
    batch(&message);
    recorded(&message);
    append(&message);
}

/// A batch with its events.
fn decoded(message: &[u8]) -> Result<(Batch, Vec<Recorded<'_>>), Malformed> {
    let mut events = Vec::new();
    let batch = Batch::decode(message, |event| {
        events.push(event);
        Ok::<_, Malformed>(())
    });
    Ok((batch?, events))
}

fn batch(message: &Bytes) {
    let Ok((batch, events)) = bounded(most(message), || decoded(message)) else { return };
    if let Ok(other) = ConsumeResponse::decode(message.clone()) {
        assert_eq!((batch.position, batch.at_tail), (other.position, other.at_tail));
        let offsets = |found: &[RecordedEvent]| found.iter().map(|e| e.offset).collect::<Vec<_>>();
        let found: Vec<_> = events.iter().map(|event| event.offset).collect();
        assert_eq!(found, offsets(&other.events));
    }
    let mut written = BytesMut::new();
    for event in &events {
        put_head_in_batch(&mut written, event.offset, event.envelope.len());
        written.put_slice(event.envelope);
    }
    put_position(&mut written, batch.position, batch.at_tail);
    let (again, found) = decoded(&written).expect("it was written");
    assert_eq!((found, again.position, again.at_tail), (events, batch.position, batch.at_tail));
}

fn recorded(message: &Bytes) {
    let Ok(event) = bounded(most(message), || Recorded::decode(message)) else { return };
    assert!(!event.envelope.is_empty());
    if let Ok(other) = RecordedEvent::decode(message.clone()) {
        assert_eq!(event.offset, other.offset);
        assert!(other.envelope.is_some());
    }
    let mut written = BytesMut::new();
    put_head(&mut written, event.offset, event.envelope.len());
    assert!(written.len() <= HEAD_LEN);
    written.put_slice(event.envelope);
    let again = Recorded::decode(&written[crate::grpc::PREFIX..]);
    assert_eq!(again.expect("it was written"), event);
}

fn append(message: &Bytes) {
    match bounded(most(message), || AppendMessage::decode(message)) {
        Ok(append) => {
            if let Ok(other) = AppendRequest::decode(message.clone()) {
                assert_eq!(append.application_key, other.application_key);
                assert_eq!(append.parcels.len(), other.envelopes.len());
                let expect = other.expected_offset.map_or(Expect::Any, Expect::Offset);
                assert_eq!(append.expect, expect);
            }
            let frame = encode_append(&append.application_key, &append.parcels, append.expect);
            let again = AppendMessage::decode(&frame.slice(crate::grpc::PREFIX..));
            let again = again.expect("it was written");
            assert_eq!(again.application_key, append.application_key);
            assert_eq!((again.parcels, again.expect), (append.parcels, append.expect));
        }
        Err(AppendMessageError::Malformed(malformed)) => assert!(!malformed.to_string().is_empty()),
        Err(AppendMessageError::Envelope(error)) => assert!(!error.to_string().is_empty()),
    }
}
