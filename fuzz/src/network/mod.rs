//! What comes over the network: messages that are read by hand, and what gRPC has around them.

mod calls;
mod messages;

use http::HeaderValue;

/// Parts of messages and headers.
pub const WORDS: &[&[u8]] = &[
    b"\x00\x00\x00\x00\x05",
    b"\x01\x00\x00\x00\x00",
    b"\x00\xff\xff\xff\xff",
    b"\x0a\x07app-key",
    b"\x0a\x05\x08\x07\x12\x01x",
    b"\x10\x07",
    b"\x18\x01",
    b"\x1a\x00",
    b"\x22\x10",
    b"\x7b\x7c",
    b"\x0d\x00\x00\x00\x00",
    b"\x09\x00\x00\x00\x00\x00\x00\x00\x00",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
    b"99999999H",
    b"1n",
    b"%ff",
    b"%2",
    b"\n16\n",
    b"type.googleapis.com/eventstream.v1.Truncated",
];

/// Batches, events and appends are what prost reads, where it reads them; messages come out however
/// they are cut; and what is in headers is read, whatever it is.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    messages::check(data);
    calls::split(data);
    calls::text(data);
    calls::status(data);
}

/// What can be in a header at all.
fn header(bytes: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(bytes).ok()
}
