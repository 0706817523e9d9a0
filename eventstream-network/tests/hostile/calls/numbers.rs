//! Numbers that are as large as they can be, and lists that are longer.

use eventstream_network::proto::{
    dogma::{interop::v1::eventstream as a, messaging::v1 as b},
    eventstream::v1 as ours,
    grpc::reflection::v1::{ServerReflectionRequest, server_reflection_request::MessageRequest},
};
use prost::Message;

use super::{
    Answer::Code, CONSUME, DEADLINE, EXHAUSTED, Hostile, INVALID, NOT_FOUND, OK, OUT_OF_RANGE,
    TRUNCATE, consume,
};
use crate::{
    hosting::{DECLARED, HONEST, LARGE},
    support::application,
};

const LOAD: &str = "/eventstream.v1.EventStream/Load";
const WAIT_FOR: &str = "/eventstream.v1.EventStream/WaitFor";
const A: &str = "/dogma.interop.v1.eventstream.StreamAPI/Consume";
const B: &str = "/dogma.messaging.v1.EventStream/Consume";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/// What is taken is ended by the time that the client gives it.
fn briefly(name: &'static str, path: &str, message: &[u8], code: i32) -> Hostile {
    Hostile::new(name, path, message, Code(code)).header("grpc-timeout", "100m")
}

fn by_ours(name: &'static str, message: &[u8], code: i32) -> Hostile {
    briefly(name, CONSUME, message, code)
}

fn by_a(
    name: &'static str,
    key: &str,
    offset: u64,
    event_types: Vec<a::EventType>,
    code: i32,
) -> Hostile {
    let start_point = Some(a::consume_request::StartPoint::Offset(offset));
    let request = a::ConsumeRequest { application_key: key.to_owned(), start_point, event_types };
    briefly(name, A, &request.encode_to_vec(), code)
}

fn by_b(name: &'static str, key: &str, offset: u64, types: Vec<String>, code: i32) -> Hostile {
    let request = b::ConsumeRequest { application_key: key.to_owned(), offset, types };
    briefly(name, B, &request.encode_to_vec(), code)
}

/// As short as they can be, so that many are in a request that is not too large.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:x}")).collect()
}

fn types(names: Vec<String>, media_types: &[String]) -> Vec<a::EventType> {
    let typed = |portable_name| a::EventType { portable_name, media_types: media_types.to_vec() };
    names.into_iter().map(typed).collect()
}

fn named(portable_names: Vec<String>) -> ours::EventTypes {
    ours::EventTypes { any: false, portable_names }
}

pub(super) fn numbers() -> Vec<Hostile> {
    let key = application().key;
    let event_types = Some(named(vec!["a".to_owned()]));
    let by_type = ours::load_request::ByType { offset: u64::MAX, event_types };
    let query = Some(ours::load_request::Query::ByType(by_type));
    let load = ours::LoadRequest { application_key: key.clone(), query };
    let wait = ours::WaitForRequest { application_key: key.clone(), offset: u64::MAX };
    let truncate = ours::TruncateRequest { application_key: key.clone(), before: u64::MAX };
    vec![
        by_ours("the largest offset", &consume(&key, |one| one.offset = u64::MAX), DEADLINE),
        by_a("the largest offset by A", &key, u64::MAX, types(names(1), &[]), DEADLINE),
        by_b("the largest offset by B", &key, u64::MAX, names(1), DEADLINE),
        Hostile::new("the largest offset to load", LOAD, &load.encode_to_vec(), Code(OK)),
        Hostile::new("a load of nothing", LOAD, b"\x0a\x07app-key", Code(INVALID)),
        Hostile::new("the end of all offsets", WAIT_FOR, &wait.encode_to_vec(), Code(DEADLINE))
            .header("grpc-timeout", "100m"),
        Hostile::new("all is truncated", TRUNCATE, &truncate.encode_to_vec(), Code(OUT_OF_RANGE))
            .tokens(&[&format!("Bearer {HONEST}")]),
        by_ours(
            "the longest heartbeat",
            &consume(&key, |one| one.heartbeat_milliseconds = u32::MAX),
            DEADLINE,
        ),
        by_ours(
            "the shortest heartbeat",
            &consume(&key, |one| one.heartbeat_milliseconds = 1),
            DEADLINE,
        ),
    ]
}

pub(super) fn lists() -> Vec<Hostile> {
    let key = application().key;
    let empty = vec![String::new(); 100_000];
    let declared = (0..100).map(|number| format!("type-{number}")).collect();
    let symbol = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol("\u{1}".repeat(100_000))),
    };
    vec![
        by_ours("no type", &consume(&key, |one| one.event_types = None), INVALID),
        by_ours(
            "100,000 types",
            &consume(&key, |one| one.event_types = Some(named(names(100_000)))),
            EXHAUSTED,
        ),
        by_a("100,000 types by A", &key, 0, types(names(100_000), &[]), EXHAUSTED),
        by_b("100,000 types by B", &key, 0, names(100_000), EXHAUSTED),
        by_ours(
            "100,000 empty types",
            &consume(&key, |one| one.event_types = Some(named(empty.clone()))),
            DEADLINE,
        ),
        by_b("100,000 empty types by B", &key, 0, empty.clone(), DEADLINE),
        by_ours(
            "40,000 types that are not there",
            &consume(DECLARED, |one| one.event_types = Some(named(names(40_000)))),
            INVALID,
        ),
        by_a("40,000 types not there by A", DECLARED, 0, types(names(30_000), &[]), INVALID),
        by_b("40,000 types not there by B", DECLARED, 0, names(40_000), INVALID),
        by_ours(
            "100,000 media types",
            &consume(DECLARED, |one| one.media_types = names(100_000)),
            EXHAUSTED,
        ),
        by_ours(
            "40,000 media types",
            &consume(DECLARED, |one| one.media_types = names(40_000)),
            INVALID,
        ),
        by_ours(
            "100,000 empty media types",
            &consume(DECLARED, |one| one.media_types.clone_from(&empty)),
            INVALID,
        ),
        by_ours(
            "20,000 types in 20,000 media types",
            &consume(LARGE, |one| {
                one.event_types = Some(named(names(20_000)));
                one.media_types = names(20_000);
            }),
            INVALID,
        ),
        by_a("100 × 200 media types", DECLARED, 0, types(declared, &names(200)), INVALID),
        by_ours("no such stream", &consume("no-key", |_| {}), NOT_FOUND),
        by_ours(
            "an incarnation of 100,000 bytes",
            &consume(&key, |one| one.incarnation = vec![7; 100_000].into()),
            9,
        ),
        Hostile::new("a long symbol", REFLECTION, &symbol.encode_to_vec(), Code(EXHAUSTED)),
        Hostile::new("reflection of nothing", REFLECTION, b"", Code(OK)),
    ]
}
