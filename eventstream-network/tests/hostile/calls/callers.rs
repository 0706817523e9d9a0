//! Callers who may not, and requests that are no calls.

use eventstream_network::proto::eventstream::v1 as ours;
use http::Method;
use prost::Message;

use super::{
    Answer::{Code, Http, Reset},
    CONSUME, DEADLINE, DESCRIBE, FORBIDDEN, Hostile, INTERNAL, LIST, OK, TRUNCATE, UNIMPLEMENTED,
    UNKNOWN_CALLER, consume,
    messages::{append, envelopes},
};
use crate::{
    hosting::{OTHERS, READER, WRITER},
    support::application,
};

pub(super) fn who() -> Vec<Hostile> {
    let describe =
        ours::DescribeRequest { application_key: application().key, ..Default::default() };
    let describe = describe.encode_to_vec();
    let asked = |name, tokens: &[&str], code| {
        Hostile::new(name, DESCRIBE, &describe, Code(code)).tokens(tokens)
    };
    let unknown = envelopes(1, |_| {});
    vec![
        asked("no token", &[], UNKNOWN_CALLER),
        asked("a wrong token", &["Bearer wrong0123456789ab"], UNKNOWN_CALLER),
        asked("two tokens", &[READER, READER], UNKNOWN_CALLER),
        asked("a token and something else", &[READER, "Basic abc"], UNKNOWN_CALLER),
        asked("a token of another application", &[OTHERS], FORBIDDEN),
        append("an append by a reader", &unknown, FORBIDDEN).tokens(&[READER]),
        append("an append by nobody", &unknown, UNKNOWN_CALLER).tokens(&[]),
        append("an append to another application", &unknown, FORBIDDEN).tokens(&[OTHERS]),
        Hostile::new("a truncation by a writer", TRUNCATE, &describe[..9], Code(FORBIDDEN))
            .tokens(&[WRITER]),
        Hostile::new("a list for a writer of one", LIST, b"", Code(FORBIDDEN)).tokens(&[WRITER]),
    ]
}

pub(super) fn http() -> Vec<Hostile> {
    let list = |name, answer| Hostile::new(name, LIST, b"", answer);
    let longest = "x".repeat(12 << 10);
    let all = consume(&application().key, |_| {});
    vec![
        Hostile { method: Method::GET, ..list("GET", Http(405)) },
        Hostile { method: Method::CONNECT, ..list("CONNECT", Reset) },
        Hostile { content_type: "application/json", ..list("JSON", Http(415)) },
        Hostile { content_type: "application/grpc-web", ..list("gRPC-Web", Http(415)) },
        Hostile::new("an unknown service", "/no.such.Service/Method", b"", Code(UNIMPLEMENTED)),
        Hostile::new("an unknown method", &format!("{LIST}2"), b"", Code(UNIMPLEMENTED)),
        Hostile::new("a long path", &format!("/{longest}"), b"", Code(UNIMPLEMENTED)),
        Hostile::new("no path", "/", b"", Code(UNIMPLEMENTED)),
        Hostile::new("a deadline of 1 ns", CONSUME, &all, Code(DEADLINE))
            .header("grpc-timeout", "1n"),
        list("a deadline of 99999999 hours", Code(OK)).header("grpc-timeout", "99999999H"),
        list("a garbage deadline", Code(INTERNAL)).header("grpc-timeout", "soon"),
        list("a negative deadline", Code(INTERNAL)).header("grpc-timeout", "-1S"),
        list("long headers", Http(431)).header("x-long", "x".repeat(17 << 10)),
        (0..600).fold(list("many headers", Http(431)), |list, _| list.header("x", "y")),
    ]
}
