use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::PREFIX;

/// Splits messages out of the pieces in which they come.
///
/// A message that lies in one piece is a slice of it. One that does not is put together as it comes: it
/// takes as much memory as has come of it, and neither as much as its prefix claims, nor what a piece
/// takes besides its bytes, which may be many times as much.
#[derive(Debug)]
pub(crate) struct Splitter {
    pieces: VecDeque<Bytes>,
    /// The bytes of all pieces.
    len: usize,
    /// The length of the message that comes next, once its prefix is read.
    message: Option<usize>,
    /// What has come of it, if it lies in several pieces.
    begun: BytesMut,
    max: usize,
}

/// A message that is put together takes no less, unless it is shorter.
const ROOM: usize = 4 << 10;

/// What comes is no message that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SplitError {
    #[error("a message is compressed, which was not agreed on")]
    Compressed,
    #[error("a message has {len} bytes, and may have {max}")]
    TooLong { len: usize, max: usize },
}

impl Splitter {
    /// For messages of `max` bytes at most.
    pub(crate) fn new(max: usize) -> Self {
        Self { pieces: VecDeque::new(), len: 0, message: None, begun: BytesMut::new(), max }
    }

    /// From now on no message may have more than this either.
    pub(crate) fn limit(&mut self, max: usize) {
        self.max = self.max.min(max);
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// Whether there is nothing of a message.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0 && self.message.is_none()
    }

    /// How long the next message will be, if its prefix has come.
    pub(crate) fn next_len(&mut self) -> Result<Option<usize>, SplitError> {
        if self.message.is_none() && self.len >= PREFIX {
            let mut prefix = [0; PREFIX];
            self.copy(&mut prefix);
            let [compressed, a, b, c, d] = prefix;
            if compressed != 0 {
                return Err(SplitError::Compressed);
            }
            let len = u32::from_be_bytes([a, b, c, d]) as usize;
            if len > self.max {
                return Err(SplitError::TooLong { len, max: self.max });
            }
            self.message = Some(len);
        }
        Ok(self.message)
    }

    /// The next message, if all of it has come.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, SplitError> {
        let Some(len) = self.next_len()? else {
            return Ok(None);
        };
        let missing = len - self.begun.len();
        if self.len < missing {
            self.put_together(self.len, len);
            return Ok(None);
        }
        self.message = None;
        if self.begun.is_empty() {
            return Ok(Some(self.take(len)));
        }
        self.put_together(missing, len);
        Ok(Some(self.begun.split().freeze()))
    }

    fn take(&mut self, len: usize) -> Bytes {
        if len == 0 {
            return Bytes::new();
        }
        if let Some(first) = self.pieces.front_mut().filter(|first| first.len() >= len) {
            let taken = first.split_to(len);
            self.len -= len;
            if first.is_empty() {
                self.pieces.pop_front();
            }
            return taken;
        }
        self.put_together(len, len);
        self.begun.split().freeze()
    }

    /// Moves so many bytes, which have to be there, to those that have come of a message of this
    /// length.
    fn put_together(&mut self, mut count: usize, len: usize) {
        let have = self.begun.len() + count;
        if have > self.begun.capacity() {
            let room = have.saturating_mul(2).max(ROOM).min(len);
            self.begun.reserve(room - self.begun.len());
        }
        self.len -= count;
        while let Some(first) = self.pieces.front_mut().filter(|_| count > 0) {
            let part = first.len().min(count);
            self.begun.extend_from_slice(&first[..part]);
            first.advance(part);
            count -= part;
            if first.is_empty() {
                self.pieces.pop_front();
            }
        }
    }

    /// There have to be as many bytes.
    fn copy(&mut self, mut into: &mut [u8]) {
        self.len -= into.len();
        while let Some(first) = self.pieces.front_mut().filter(|_| !into.is_empty()) {
            let count = first.len().min(into.len());
            first.copy_to_slice(&mut into[..count]);
            into = &mut into[count..];
            if first.is_empty() {
                self.pieces.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::prefix;

    fn framed(messages: &[&[u8]]) -> Vec<u8> {
        messages.iter().flat_map(|m| [&prefix(m.len())[..], m].concat()).collect()
    }

    #[test]
    fn messages_come_out_however_they_are_cut() {
        let messages: [&[u8]; 5] = [b"first", b"", b"a longer second", b"x", b""];
        let bytes = framed(&messages);
        for size in 1..=bytes.len() {
            let mut splitter = Splitter::new(100);
            let mut found = Vec::new();
            for piece in bytes.chunks(size) {
                splitter.push(Bytes::copy_from_slice(piece));
                while let Some(message) = splitter.next().unwrap() {
                    found.push(message);
                }
            }
            assert_eq!(found, messages, "in pieces of {size}");
            assert!(splitter.is_empty());
        }
    }

    #[test]
    fn a_message_in_one_piece_is_not_copied() {
        let piece = Bytes::from(framed(&[b"one", b"two"]));
        let mut splitter = Splitter::new(100);
        splitter.push(piece.clone());
        for start in [5, 13] {
            let message = splitter.next().unwrap().unwrap();
            assert_eq!(message.as_ptr(), piece[start..].as_ptr());
        }
    }

    #[test]
    fn a_message_takes_what_has_come_of_it_and_not_what_its_pieces_take() {
        let len = 1 << 20;
        let mut splitter = Splitter::new(len);
        splitter.push(Bytes::copy_from_slice(&prefix(len)));
        for come in 0..len {
            assert_eq!(splitter.next(), Ok(None));
            assert!(splitter.begun.capacity() <= ROOM.max(2 * come), "{come}");
            assert!(splitter.pieces.is_empty());
            splitter.push(Bytes::from_static(b"x"));
        }
        assert_eq!(splitter.next().unwrap().unwrap().len(), len);
        assert!(splitter.is_empty());
    }

    #[test]
    fn what_is_too_long_or_compressed_is_refused_by_its_prefix() {
        let mut splitter = Splitter::new(4);
        splitter.push(Bytes::from_static(&[0, 0, 0, 0, 5]));
        assert_eq!(splitter.next(), Err(SplitError::TooLong { len: 5, max: 4 }));
        let mut splitter = Splitter::new(4);
        splitter.push(Bytes::from_static(&[1, 0, 0, 0, 1, 9]));
        assert_eq!(splitter.next(), Err(SplitError::Compressed));
    }

    #[test]
    fn a_part_is_not_the_end() {
        let mut splitter = Splitter::new(4);
        splitter.push(Bytes::from_static(&[0, 0, 0, 0, 0]));
        assert_eq!(splitter.next(), Ok(Some(Bytes::new())));
        assert!(splitter.is_empty());
        splitter.push(Bytes::from_static(&[0, 0, 0, 0, 1]));
        assert_eq!(splitter.next(), Ok(None));
        assert!(!splitter.is_empty(), "a message has begun");
    }
}
