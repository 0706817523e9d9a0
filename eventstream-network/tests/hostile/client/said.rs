//! What a server says.

use base64::Engine;
use eventstream_network::proto::{
    dogma::interop::v1::envelope::Envelope,
    eventstream::v1::{ConsumeResponse, DescribeResponse, RecordedEvent},
};
use prost::Message;

use super::{
    outcome::Outcome::{
        self, InvalidEnvelope, Lost, Protocol as Wrong, Refused, Timeout, Truncated,
    },
    script::{Script, Then},
};
use crate::{raw::frame, support::parcel};

pub(super) fn message(message: &impl Message) -> Vec<u8> {
    frame(&message.encode_to_vec())
}

pub(super) fn hello(position: u64) -> Vec<u8> {
    message(&ConsumeResponse { position, ..ConsumeResponse::default() })
}

/// A batch with the events of these offsets.
pub(super) fn batch(offsets: &[u64], position: u64) -> Vec<u8> {
    let event = |offset: &u64| RecordedEvent {
        offset: *offset,
        envelope: Some(Envelope::decode(parcel(*offset, "a").wire().as_ref()).unwrap()),
    };
    let events = offsets.iter().map(event).collect();
    message(&ConsumeResponse { events, position, ..ConsumeResponse::default() })
}

/// What it is called, what is said, and what becomes of it.
type Row = (&'static str, Script, Outcome);

/// What is said to one who reads from offset 5 on, by our protocol.
pub(super) fn consumed() -> Vec<Row> {
    let said =
        |pieces: &[Vec<u8>]| Script::says([hello(5)].into_iter().chain(pieces.iter().cloned()));
    let endless = |piece: Vec<u8>| said(&[]).then(Then::Endless(piece));
    let engine = base64::engine::general_purpose::STANDARD;
    let none = |offset| RecordedEvent {
        offset,
        envelope: Some(Envelope { message_id: "none".to_owned(), ..Envelope::default() }),
    };
    let invalid = ConsumeResponse { events: vec![none(5)], position: 6, ..Default::default() };
    let incarnation = ConsumeResponse { incarnation: vec![1; 5].into(), ..Default::default() };
    vec![
        ("random bytes", said(&[crate::calls::noise(10_000)]), Wrong),
        ("a message that is none", said(&[frame(&crate::calls::noise(100))]), Wrong),
        ("4 GiB announced", said(&[vec![0, 255, 255, 255, 255]]), Wrong),
        ("compressed", said(&[vec![1, 0, 0, 0, 0]]), Wrong),
        ("an event below", said(&[batch(&[4], 6)]), Wrong),
        ("events that go back", said(&[batch(&[9, 8], 10)]), Wrong),
        ("an event twice", said(&[batch(&[5, 5], 6)]), Wrong),
        ("batches that overlap", said(&[batch(&[], 7), batch(&[6], 8)]), Wrong),
        ("the largest offset", said(&[batch(&[u64::MAX], u64::MAX)]), Wrong),
        ("a position that goes back", said(&[batch(&[], 4)]), Wrong),
        ("a position below its events", said(&[batch(&[], 9), batch(&[9], 9)]), Wrong),
        ("an incarnation of 5 bytes", said(&[message(&incarnation)]), Wrong),
        ("an envelope that is none", said(&[message(&invalid)]), InvalidEnvelope),
        (
            "7,000,000 events of one byte",
            said(&[frame(&b"\x0a\x03\x12\x01x".repeat(7_000_000))]),
            Wrong,
        ),
        ("events without bytes", said(&[frame(&b"\x0a\x02\x12\x00".repeat(1_000_000))]), Wrong),
        ("silence", said(&[]), Timeout),
        ("half a message", said(&[vec![0, 0, 0]]), Timeout),
        ("a message that never ends", endless(vec![0; 64 << 10]), Wrong),
        ("an end without a status", said(&[]).then(Then::Over), Lost),
        ("an end that is OK", said(&[]).ends("0", &[]), Lost),
        ("an end in the middle", said(&[vec![0; 3]]).ends("0", &[]), Wrong),
        ("a status that is none", said(&[]).ends("sixteen", &[]), Refused(2)),
        ("a status that is unknown", said(&[]).ends("-7", &[]), Refused(2)),
        (
            "garbage details",
            said(&[]).ends("9", &[("grpc-status-details-bin", "%%%".to_owned())]),
            Refused(9),
        ),
        (
            "details that are random",
            said(&[]).ends(
                "9",
                &[("grpc-status-details-bin", engine.encode(crate::calls::noise(5_000)))],
            ),
            Refused(9),
        ),
        (
            "a garbage message",
            said(&[]).ends("13", &[("grpc-message", "%ff%zz%1b[2J%".repeat(500))]),
            Refused(13),
        ),
        ("a long message", said(&[]).ends("13", &[("grpc-message", "x".repeat(100_000))]), Lost),
        ("many trailers", said(&[]).ends("13", &vec![("x", "y".to_owned()); 2_000]), Lost),
        ("truncated before", said(&[]).ends("11", &[]), Truncated),
    ]
}

/// What is said instead of an answer.
pub(super) fn answered() -> Vec<Row> {
    let headers = |headers: &[(&'static str, &str)]| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Script { headers, ..Script::says([]).then(Then::Over) }
    };
    let grpc = ("content-type", "application/grpc");
    vec![
        ("no answer", Script { silent: true, ..Script::says([]) }, Timeout),
        ("HTML", headers(&[("content-type", "text/html")]), Wrong),
        ("no type", headers(&[]), Wrong),
        ("404", Script { http: 404, ..headers(&[grpc]) }, Refused(12)),
        ("500", Script { http: 500, ..headers(&[grpc]) }, Refused(2)),
        ("503", Script { http: 503, ..headers(&[grpc]) }, Refused(14)),
        ("301", Script { http: 301, ..headers(&[grpc, ("location", "http://x/")]) }, Refused(2)),
        ("OK and nothing else", headers(&[grpc, ("grpc-status", "0")]), Lost),
        ("endless headers", headers(&[grpc, ("x-long", &"x".repeat(100_000))]), Lost),
    ]
}

/// What is said where one message has to be.
pub(super) fn one() -> Vec<Row> {
    let empty = frame(b"");
    vec![
        ("OK without a message", Script::says([]).ends("0", &[]), Wrong),
        ("two messages", Script::says([empty.clone(), empty]).ends("0", &[]), Wrong),
        (
            "messages without end",
            Script::says([]).then(Then::Endless(frame(b"").repeat(100))),
            Wrong,
        ),
        ("a message that is none", Script::says([frame(&[0xff; 9])]).ends("0", &[]), Wrong),
        ("a message too large", Script::says([frame(&vec![0; 5 << 20])]).ends("0", &[]), Wrong),
        (
            "4 MiB of empty types",
            Script::says([frame(&b"\x22\0".repeat(2 << 20)), vec![7; 1]]).ends("0", &[]),
            Wrong,
        ),
        ("a message and silence", Script::says([frame(b"")]), Timeout),
    ]
}

pub(super) fn describes() -> Script {
    let described = DescribeResponse { any_event_type: true, ..DescribeResponse::default() };
    Script::says([message(&described)]).ends("0", &[])
}
