use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};
use eventstream_core::Event;

use crate::{
    grpc::{PREFIX, prefix},
    server::FRAME,
    wire::{HEAD_LEN, POSITION_LEN, put_head, put_head_in_batch, put_position},
};

/// An event of this size is not copied: it is a piece of its own.
const LARGE: usize = 16 << 10;

/// So much is framed ahead at least, and handed on as one piece. With one event more it still goes
/// into one frame of HTTP/2, so that clients get it in one, and need not put it together again.
const PIECE: usize = FRAME as usize - LARGE - HEAD_LEN - POSITION_LEN;

/// What may be kept for the next piece while there is nothing to frame.
const KEPT: usize = 4 << 10;

/// Writes the frames of events into pieces, around the bytes that the events have.
pub(super) struct Framer {
    /// Many events are one message, rather than each.
    batched: bool,
    buffer: BytesMut,
    /// Where in the buffer the batch begins that is open, with its prefix.
    batch: Option<usize>,
    pieces: VecDeque<Bytes>,
}

impl Framer {
    pub(super) fn new(batched: bool) -> Self {
        Self { batched, buffer: BytesMut::new(), batch: None, pieces: VecDeque::new() }
    }

    pub(super) fn is_batched(&self) -> bool {
        self.batched
    }

    /// Whether it is time to hand something on.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= PIECE || !self.pieces.is_empty()
    }

    /// Makes room for events, before they are pushed.
    pub(super) fn reserve(&mut self, events: &[Event]) {
        let mut len = 2 * POSITION_LEN;
        for event in events {
            len += HEAD_LEN + event.parcel.wire().len().min(LARGE);
            if len >= PIECE {
                break;
            }
        }
        self.buffer.reserve(len);
    }

    pub(super) fn push(&mut self, event: &Event) {
        let (offset, wire) = (event.offset, event.parcel.wire());
        if wire.len() >= LARGE {
            return self.push_large(offset, wire);
        }
        if self.batched {
            if self.batch.is_none() {
                self.batch = Some(self.buffer.len());
                self.buffer.put_bytes(0, PREFIX);
            }
            put_head_in_batch(&mut self.buffer, offset, wire.len());
        } else {
            put_head(&mut self.buffer, offset, wire.len());
        }
        self.buffer.put_slice(wire);
    }

    fn push_large(&mut self, offset: u64, wire: &Bytes) {
        if !self.batched {
            put_head(&mut self.buffer, offset, wire.len());
            self.hand_on();
            self.pieces.push_back(wire.clone());
            return;
        }
        // All below the event was looked at.
        self.end_batch(offset, false);
        let (mut head, mut tail) = (BytesMut::new(), BytesMut::new());
        put_head_in_batch(&mut head, offset, wire.len());
        put_position(&mut tail, offset + 1, false);
        self.buffer.put_slice(&prefix(head.len() + wire.len() + tail.len()));
        self.buffer.put_slice(&head);
        self.hand_on();
        self.pieces.push_back(wire.clone());
        self.buffer.put_slice(&tail);
    }

    /// Ends the batch that is open, if one is.
    pub(super) fn end_batch(&mut self, position: u64, at_tail: bool) {
        if let Some(start) = self.batch.take() {
            put_position(&mut self.buffer, position, at_tail);
            let len = self.buffer.len() - start - PREFIX;
            self.buffer[start..][..PREFIX].copy_from_slice(&prefix(len));
        }
    }

    /// Says where reading has come to: at the end of the batch that is open, or by a message of its
    /// own.
    pub(super) fn say_position(&mut self, position: u64, at_tail: bool) {
        if self.batch.is_none() {
            self.batch = Some(self.buffer.len());
            self.buffer.put_bytes(0, PREFIX);
        }
        self.end_batch(position, at_tail);
    }

    /// A frame that was made elsewhere.
    pub(super) fn push_frame(&mut self, frame: &[u8]) {
        self.buffer.put_slice(frame);
    }

    fn hand_on(&mut self) {
        if !self.buffer.is_empty() {
            self.pieces.push_back(self.buffer.split().freeze());
        }
    }

    /// The next piece. No batch may be open.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        if self.pieces.is_empty() {
            self.hand_on();
        }
        self.pieces.pop_front()
    }

    /// Gives memory back, before a wait that may be long.
    pub(super) fn rest(&mut self) {
        if self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::new();
        }
    }
}
