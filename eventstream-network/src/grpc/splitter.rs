use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::PREFIX;

/// Splits messages out of the pieces in which they come.
///
/// A message that lies in one piece is a slice of it. One that does not is put together, and takes
/// as much memory as has come of it, not as much as its prefix claims.
#[derive(Debug)]
pub(crate) struct Splitter {
    pieces: VecDeque<Bytes>,
    /// The bytes of all pieces.
    len: usize,
    /// The length of the message that comes next, once its prefix is read.
    message: Option<usize>,
    max: usize,
}

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
        Self { pieces: VecDeque::new(), len: 0, message: None, max }
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
        let Some(len) = self.next_len()?.filter(|len| *len <= self.len) else {
            return Ok(None);
        };
        self.message = None;
        Ok(Some(self.take(len)))
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
        let mut taken = BytesMut::zeroed(len);
        self.copy(&mut taken);
        taken.freeze()
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
