use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

/// What stands before each message: whether it is compressed, and its length.
pub(crate) const PREFIX: usize = 5;

/// The prefix of a message that is not compressed. No message is longer than 4 GiB: see the limits.
pub(crate) fn prefix(len: usize) -> [u8; PREFIX] {
    let [a, b, c, d] = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
    [0, a, b, c, d]
}

/// A message with its prefix.
pub(crate) fn whole(message: &impl Message) -> Bytes {
    let len = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX + len);
    frame.put_slice(&prefix(len));
    message.encode_raw(&mut frame);
    frame.freeze()
}
