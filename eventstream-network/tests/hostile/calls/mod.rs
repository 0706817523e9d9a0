//! Requests that are well-formed HTTP/2, and wrong in every other way.

mod callers;
mod messages;
mod numbers;

use eventstream_network::proto::eventstream::v1 as ours;
use http::{HeaderValue, Method};
use prost::Message;

use crate::{
    child::{self, Server},
    hosting::{self, READER},
    raw::{Raw, frame},
    row::row,
};

pub(crate) const LIST: &str = "/eventstream.v1.EventStream/ListApplications";
pub(crate) const DESCRIBE: &str = "/eventstream.v1.EventStream/Describe";
pub(crate) const CONSUME: &str = "/eventstream.v1.EventStream/Consume";
pub(crate) const APPEND: &str = "/eventstream.v1.EventStream/Append";
pub(crate) const APPEND_STREAM: &str = "/eventstream.v1.EventStream/AppendStream";
pub(crate) const WATCH: &str = "/grpc.health.v1.Health/Watch";
const TRUNCATE: &str = "/eventstream.v1.EventStream/Truncate";

/// What answers a call: a code of gRPC, or a status of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Code(i32),
    Http(u16),
    /// Nothing: the call is reset.
    Reset,
}

const OK: i32 = 0;
const INVALID: i32 = 3;
const DEADLINE: i32 = 4;
const NOT_FOUND: i32 = 5;
const FORBIDDEN: i32 = 7;
const EXHAUSTED: i32 = 8;
const OUT_OF_RANGE: i32 = 11;
const UNIMPLEMENTED: i32 = 12;
const INTERNAL: i32 = 13;
const UNKNOWN_CALLER: i32 = 16;

struct Hostile {
    name: &'static str,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    content_type: &'static str,
    body: Vec<u8>,
    answer: Answer,
}

impl Hostile {
    fn new(name: &'static str, path: &str, message: &[u8], answer: Answer) -> Self {
        Self {
            name,
            method: Method::POST,
            path: path.to_owned(),
            headers: vec![("authorization", READER.to_owned())],
            content_type: "application/grpc",
            body: frame(message),
            answer,
        }
    }

    fn framed(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    fn tokens(mut self, tokens: &[&str]) -> Self {
        self.headers.clear();
        self.headers.extend(tokens.iter().map(|token| ("authorization", (*token).to_owned())));
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    async fn ends(&self, address: &str) -> Answer {
        let raw = Raw::connect(address).await;
        let mut request = Raw::request(&self.path, self.body.clone());
        *request.method_mut() = self.method.clone();
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static(self.content_type));
        for (name, value) in &self.headers {
            headers.append(*name, value.parse().unwrap());
        }
        let Ok(mut answer) = raw.try_send(request).await else { return Answer::Reset };
        if answer.http != 200 {
            return Answer::Http(answer.http.as_u16());
        }
        while answer.next_bytes().await.is_some() {}
        Answer::Code(answer.end().await.code)
    }
}

fn consume(key: &str, change: impl FnOnce(&mut ours::ConsumeRequest)) -> Vec<u8> {
    let mut request = ours::ConsumeRequest {
        application_key: key.to_owned(),
        event_types: Some(ours::EventTypes { any: true, portable_names: Vec::new() }),
        ..ours::ConsumeRequest::default()
    };
    change(&mut request);
    request.encode_to_vec()
}

/// A request for all that there is of an application, framed.
pub(crate) fn everything(key: &str) -> Vec<u8> {
    frame(&consume(key, |_| {}))
}

/// Bytes of all values: always the same.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_has_its_answer() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let mut server = Server::start("calls::every_call_has_its_answer", "plain", None);
    let address = server.address.clone();
    let rows = [
        callers::who(),
        callers::http(),
        messages::messages(),
        numbers::numbers(),
        numbers::lists(),
    ];
    let mut wrong = Vec::new();
    for hostile in rows.into_iter().flatten() {
        row(&mut server, hostile.name, async {
            let answer = hostile.ends(&address).await;
            if answer != hostile.answer {
                wrong.push((hostile.name, answer));
            }
        })
        .await;
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    server.end();
}
