use std::collections::VecDeque;

use bytes::Bytes;
use eventstream_core::{Event, Incarnation, Parcel, Result};

use super::{Protocol, call_error::CallError};
use crate::wire::{Batch, Recorded};

/// A batch of several events has no more than this of parcels, however many are asked for.
const MAX_BATCH: usize = 4 << 20;

/// Events that have come and were not taken yet, and where the server is with them.
pub(super) struct Inbox {
    events: VecDeque<Received>,
    /// Of the events.
    bytes: usize,
    /// The next offset that can come.
    next: u64,
    at_tail: bool,
    incarnation: Option<Incarnation>,
}

struct Received {
    offset: u64,
    /// The bytes, if they are no envelope; why they are not is said to who asks for the event.
    parcel: Result<Parcel, Bytes>,
}

impl Received {
    fn len(&self) -> usize {
        match &self.parcel {
            Ok(parcel) => parcel.wire().len(),
            Err(bytes) => bytes.len(),
        }
    }
}

impl Inbox {
    pub(super) fn new(position: u64) -> Self {
        Self {
            events: VecDeque::new(),
            bytes: 0,
            next: position,
            at_tail: false,
            incarnation: None,
        }
    }

    /// The offset of the next event that will be looked at.
    pub(super) fn position(&self) -> u64 {
        self.events.front().map_or(self.next, |event| event.offset)
    }

    /// Where the server is: all below has come, or does not match.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there was nothing at the position when the last message was sent.
    pub(super) fn is_at_tail(&self) -> bool {
        self.at_tail && self.events.is_empty()
    }

    pub(super) fn incarnation(&self) -> Option<Incarnation> {
        self.incarnation
    }

    /// All below was looked at, as an error of the server says.
    pub(super) fn move_on(&mut self, position: u64) {
        self.next = self.next.max(position);
    }

    /// Takes in a message of a `Consume` or a `Load`.
    pub(super) fn take_in(&mut self, protocol: Protocol, message: &Bytes) -> Result<(), CallError> {
        if protocol != Protocol::Ours {
            return self.push(message, Recorded::decode(message)?);
        }
        let batch = Batch::decode(message, |event| self.push(message, event))?;
        if batch.position < self.next {
            let problem =
                format!("its position goes from {} back to {}", self.next, batch.position);
            return Err(CallError::protocol(problem));
        }
        self.next = batch.position;
        self.at_tail = batch.at_tail;
        self.incarnation = batch.incarnation.or(self.incarnation);
        Ok(())
    }

    /// An event that is a part of `message`.
    fn push(&mut self, message: &Bytes, event: Recorded<'_>) -> Result<(), CallError> {
        let Recorded { offset, envelope } = event;
        let next = offset.checked_add(1).filter(|_| offset >= self.next).ok_or_else(|| {
            CallError::protocol(format!("event {offset} comes where {} is next", self.next))
        })?;
        self.next = next;
        self.bytes += envelope.len();
        let parcel = Parcel::from_wire(message.slice_ref(envelope));
        let parcel = parcel.map_err(|_| message.slice_ref(envelope));
        self.events.push_back(Received { offset, parcel });
        Ok(())
    }

    /// Hands out events, `max` at most; returns how many. An envelope that is none is an error if it
    /// is the first one, and left where it is.
    pub(super) fn hand_out(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let (mut added, mut bytes) = (0, 0);
        while added < max
            && let Some(event) = self.events.front()
        {
            let len = event.len();
            if added > 0 && (bytes + len > MAX_BATCH || event.parcel.is_err()) {
                break;
            }
            if let Err(bytes) = &event.parcel {
                return Parcel::from_wire(bytes.clone()).map(|_| 0);
            }
            if let Some(Received { offset, parcel: Ok(parcel) }) = self.events.pop_front() {
                buf.push(Event::new(offset, parcel));
            }
            self.bytes -= len;
            bytes += len;
            added += 1;
        }
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Error, Identity};
    use prost::Message;

    use super::*;
    use crate::proto::eventstream::v1::ConsumeResponse;

    fn push(inbox: &mut Inbox, offset: u64, bytes: usize) -> Result<(), CallError> {
        let envelope = Envelope {
            data: vec![0; bytes].into(),
            ..Envelope::new(format!("m-{offset}"), Identity::new("a", "k"), "type", "text/plain")
        };
        let parcel = Parcel::seal(envelope).unwrap();
        inbox.push(parcel.wire(), Recorded { offset, envelope: parcel.wire() })
    }

    #[test]
    fn what_goes_back_is_refused() {
        let mut inbox = Inbox::new(5);
        assert!(matches!(push(&mut inbox, 4, 1), Err(CallError::Protocol(_))));
        push(&mut inbox, 7, 1).unwrap();
        assert!(matches!(push(&mut inbox, 7, 1), Err(CallError::Protocol(_))));
        assert!(matches!(push(&mut inbox, u64::MAX, 1), Err(CallError::Protocol(_))));
        let back = ConsumeResponse { position: 7, ..ConsumeResponse::default() };
        let back = Bytes::from(back.encode_to_vec());
        assert!(matches!(inbox.take_in(Protocol::Ours, &back), Err(CallError::Protocol(_))));
        assert_eq!((inbox.position(), inbox.next()), (7, 8));
    }

    #[test]
    fn batches_are_bounded_in_bytes() {
        let mut inbox = Inbox::new(0);
        for offset in 0..4 {
            push(&mut inbox, offset, 3 << 20).unwrap();
        }
        let mut events = Vec::new();
        assert_eq!(inbox.hand_out(&mut events, 100).unwrap(), 1);
        assert_eq!((events.len(), inbox.len(), inbox.position()), (1, 3, 1));
    }

    #[test]
    fn an_envelope_that_is_none_comes_alone_and_again() {
        let mut inbox = Inbox::new(0);
        push(&mut inbox, 0, 1).unwrap();
        let none = Bytes::from_static(b"none");
        inbox.push(&none, Recorded { offset: 1, envelope: &none }).unwrap();
        let mut events = Vec::new();
        assert_eq!(inbox.hand_out(&mut events, 9).unwrap(), 1);
        for _ in 0..2 {
            let error = inbox.hand_out(&mut events, 9).unwrap_err();
            assert!(matches!(error, Error::InvalidEnvelope { .. }), "{error}");
        }
        assert_eq!((events.len(), inbox.position()), (1, 1));
    }
}
