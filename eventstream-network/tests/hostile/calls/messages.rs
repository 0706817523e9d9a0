//! Requests that are no messages, or of what can't be appended.

use eventstream_network::proto::{dogma::interop::v1::envelope::Envelope, eventstream::v1 as ours};
use prost::Message;

use super::{
    APPEND, Answer::Code, DESCRIBE, EXHAUSTED, FORBIDDEN, Hostile, INTERNAL, INVALID, LIST,
    NOT_FOUND, OK, UNIMPLEMENTED, noise,
};
use crate::{
    hosting::WRITER,
    raw::frame,
    support::{application, parcel},
};

pub(super) fn envelopes(count: usize, change: impl Fn(&mut Envelope)) -> Vec<u8> {
    let one = |number| {
        let wire = parcel(2_000_000 + number, "a").wire().clone();
        let mut envelope = Envelope::decode(wire).unwrap();
        change(&mut envelope);
        envelope
    };
    let envelopes = (0..count as u64).map(one).collect();
    let application_key = application().key;
    ours::AppendRequest { application_key, expected_offset: None, envelopes }.encode_to_vec()
}

pub(super) fn append(name: &'static str, message: &[u8], answer: i32) -> Hostile {
    Hostile::new(name, APPEND, message, Code(answer)).tokens(&[WRITER])
}

pub(super) fn messages() -> Vec<Hostile> {
    let list = |name, code| Hostile::new(name, LIST, b"", Code(code));
    let describe = |name, message: &[u8], code| Hostile::new(name, DESCRIBE, message, Code(code));
    let overlong = [0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, b'x'];
    let endless = [&[0x0a][..], &[0xff; 12]].concat();
    let nested = 1_000;
    let groups = [vec![0x7b; nested], vec![0x7c; nested]].concat();
    vec![
        list("no message", INTERNAL).framed(b""),
        list("half a prefix", INTERNAL).framed(b"\0\0"),
        list("two messages", INTERNAL).framed([frame(b""), frame(b"")].concat()),
        list("compressed", UNIMPLEMENTED).framed([1, 0, 0, 0, 0]),
        list("another flag", UNIMPLEMENTED).framed([0xff, 0, 0, 0, 0]),
        list("a message of 4 GiB announced", EXHAUSTED).framed([0, 255, 255, 255, 255]),
        list("a message announced and cut", INTERNAL).framed(&frame(b"0123456789")[..10]),
        describe("a message too large", &vec![0x0a; (256 << 10) + 1], EXHAUSTED),
        describe("truncated protobuf", &[0x0a, 5, b'a'], INTERNAL),
        describe("a wrong wire type", &[0x08, 1], INTERNAL),
        describe("invalid UTF-8", &[0x0a, 2, 0xff, 0xfe], INTERNAL),
        describe("an overlong number", &overlong, NOT_FOUND),
        describe("a number without end", &endless, INTERNAL),
        describe("field 0", &[0x02, 0], INTERNAL),
        describe("groups in groups", &groups, INTERNAL),
        describe("a field 80,000 times", &b"\x0a\x01x".repeat(80_000), NOT_FOUND),
        describe("a name of no length", &[0x0a, 0], INVALID),
        describe("random bytes", &noise(10_000), INTERNAL),
        append("an append of nothing", b"", INVALID),
        append("an append of random bytes", &noise(1 << 20), INTERNAL),
        append("too much to append", &vec![0; (32 << 20) + 1], EXHAUSTED),
        append("an envelope of no bytes", b"\x0a\x07app-key\x1a\0", INVALID),
        append("many envelopes of no bytes", &b"\x1a\0".repeat(1 << 20), INVALID),
        append("a key 4,000,000 times", &b"\x0a\x02xy".repeat(4_000_000), FORBIDDEN),
        append("100,000 events", &envelopes(100_000, |_| {}), OK),
        append("an event of nobody", &envelopes(1, |one| one.source_application = None), INVALID),
        append("an event of no id", &envelopes(1, |one| one.message_id.clear()), INVALID),
        append("an event at no time", &envelopes(9, |one| one.created_at = "now".into()), INVALID),
        append(
            "a message of 100,000 lines",
            &envelopes(1, |one| one.media_type = "\n".repeat(100_000)),
            INVALID,
        ),
        append(
            "30 MiB that take 180 when they are shown",
            &envelopes(1, |one| one.media_type = "\u{1}".repeat(30 << 20)),
            INVALID,
        ),
    ]
}
