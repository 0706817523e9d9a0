//! As many calls as there can be, and what is not read of them.

use std::time::Duration;

use eventstream_network::proto::eventstream::v1::{self as ours, ConsumeRequest, EventTypes};
use prost::Message;

use crate::{
    calls::{APPEND, APPEND_STREAM, CONSUME, everything},
    child::{self, Server},
    hosting::{self, LARGE, READER, WRITER},
    http2::{
        Connection, DATA, END_HEADERS, END_STREAM, HEADERS, PING, SETTINGS, WINDOW_UPDATE, call,
        call_headers, frame,
    },
    raw,
    row::row,
    support::application,
};

/// As many streams as a connection may have.
const STREAMS: u32 = 256;
const INITIAL_WINDOW: u16 = 4;
const LARGEST: u32 = (1 << 31) - 1;

fn reader() -> [(&'static str, &'static str); 1] {
    [("authorization", READER)]
}

/// Connections with as many calls as each may have.
async fn full(
    address: &str,
    connections: usize,
    window: u32,
    path: &str,
    request: &[u8],
) -> Vec<Connection> {
    let mut all = Vec::new();
    for _ in 0..connections {
        let pairs = [(INITIAL_WINDOW, window)];
        let mut connection = Connection::open(address, &pairs).await;
        for number in 0..STREAMS {
            connection.send(&call(2 * number + 1, path, &reader(), request)).await;
        }
        all.push(connection);
    }
    all
}

/// All calls are answered, though not to their ends.
async fn answered(mut all: Vec<Connection>) -> Vec<Connection> {
    for connection in &mut all {
        connection.until(|heard| heard.headers == STREAMS as usize).await;
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_take_a_bounded_amount() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let mut server = Server::start("streams::many_calls_take_a_bounded_amount", "plain", None);
    let address = server.address.clone();
    let all = everything(LARGE);
    let nothing = everything(&application().key);

    row(&mut server, "10,000 streams opened and kept", async {
        answered(full(&address, 40, 65_535, CONSUME, &nothing).await).await
    })
    .await;
    row(&mut server, "1,024 readers whose window is 0", async {
        answered(full(&address, 4, 0, CONSUME, &all).await).await
    })
    .await;
    row(&mut server, "1,024 readers that read nothing at all", async {
        let mut readers = full(&address, 4, LARGEST, CONSUME, &all).await;
        for connection in &mut readers {
            let more = (LARGEST - 65_535).to_be_bytes();
            connection.send(&frame(WINDOW_UPDATE, 0, 0, &more)).await;
            // Something came: all are under way, or wait for room.
            connection.until(|heard| heard.data > 0).await;
            connection.read_no_more();
        }
        readers
    })
    .await;
    row(&mut server, "1,000 connections with a reader each that reads nothing", async {
        let mut readers = Vec::new();
        for _ in 0..1_000 {
            let mut connection = Connection::open(&address, &[]).await;
            connection.send(&call(1, CONSUME, &reader(), &all)).await;
            connection.until(|heard| heard.data > 0).await;
            connection.read_no_more();
            readers.push(connection);
        }
        readers
    })
    .await;
    row(&mut server, "1,024 readers of 20,000 types each", async {
        let names = (0..20_000).map(|number| format!("{number:x}")).collect();
        let request = ConsumeRequest {
            application_key: application().key,
            event_types: Some(EventTypes { any: false, portable_names: names }),
            ..ConsumeRequest::default()
        };
        let request = raw::frame(&request.encode_to_vec());
        let mut all = Vec::new();
        for _ in 0..32 {
            let mut connection = Connection::open(&address, &[]).await;
            // From then on it takes as much as this in one piece.
            connection.until(|heard| heard.settings_acknowledged == 1).await;
            connection.send(&frame(SETTINGS, 1, 0, &[])).await;
            for number in 0..32 {
                let head = call_headers(CONSUME, &reader());
                let mut sent = frame(HEADERS, END_HEADERS, 2 * number + 1, &head);
                for piece in request.chunks(16 << 10) {
                    sent.extend(frame(DATA, 0, 2 * number + 1, piece));
                }
                sent.extend(frame(DATA, END_STREAM, 2 * number + 1, b""));
                connection.send(&sent).await;
                // Either it is taken, or there are too many.
                connection.until(|heard| heard.headers > number as usize).await;
            }
            all.push(connection);
        }
        all
    })
    .await;
    server.end();
}

/// A call with what is sent of its request, as the frames of any stream.
fn begun(path: &str, more: &[(&str, &str)], sent: &[u8]) -> impl Fn(u32) -> Vec<u8> + use<> {
    let (head, sent) = (call_headers(path, more), sent.to_vec());
    move |stream: u32| {
        let head = frame(HEADERS, END_HEADERS, stream, &head);
        [head, frame(DATA, 0, stream, &sent)].concat()
    }
}

/// Whether one was answered whose append has come behind four that take all the room there is, and has
/// got its bytes when they were gone.
async fn is_answered_behind_four(address: &str) -> bool {
    let head = begun(APPEND, &[("authorization", WRITER)], &[0, 2, 0, 0, 0]);
    let mut connection = Connection::open_alive(address).await;
    for stream in [1, 3, 5, 7] {
        connection.send(&head(stream)).await;
    }
    connection.send(&frame(PING, 0, 0, &[0; 8])).await;
    connection.until(|heard| heard.pongs == 1).await;
    let append = ours::AppendRequest {
        application_key: application().key,
        expected_offset: None,
        envelopes: Vec::new(),
    };
    let append = raw::frame(&append.encode_to_vec());
    let mut honest = Connection::open_alive(address).await;
    honest.send(&begun(APPEND, &[("authorization", WRITER)], &append[..5])(1)).await;
    connection.until(|heard| heard.headers == 4).await;
    // Half of the time that it has.
    tokio::time::sleep(Duration::from_secs(1)).await;
    honest.send(&frame(DATA, END_STREAM, 1, &append[5..])).await;
    // Either an answer, or its time is said to be over.
    honest.until(|heard| heard.ended == 1).await.data > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_never_end_take_a_bounded_amount() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let mut server =
        Server::start("streams::requests_that_never_end_take_a_bounded_amount", "plain", None);
    let address = server.address.clone();
    let writer = [("authorization", WRITER)];
    let open = async |connections: usize, begun: &dyn Fn(u32) -> Vec<u8>| {
        let mut all = Vec::new();
        for _ in 0..connections {
            let mut connection = Connection::open(&address, &[(INITIAL_WINDOW, 0)]).await;
            for number in 0..STREAMS {
                connection.send(&begun(2 * number + 1)).await;
            }
            all.push(connection);
        }
        all
    };

    // They are told when it takes too long.
    row(&mut server, "10,000 requests that never end", async {
        answered(open(40, &begun(CONSUME, &reader(), b"\0\0")).await).await
    })
    .await;
    // Nobody listens to them.
    row(
        &mut server,
        "32 MiB announced by each of 1,024 who may not append, and never sent",
        async { answered(open(4, &begun(APPEND, &reader(), &[0, 2, 0, 0, 0])).await).await },
    )
    .await;
    row(&mut server, "32 MiB announced by each of 3 who may, and never sent", async {
        let head = begun(APPEND, &writer, &[0, 2, 0, 0, 0]);
        let mut connection = Connection::open(&address, &[]).await;
        for stream in [1, 3, 5] {
            connection.send(&head(stream)).await;
        }
        connection
    })
    .await;
    row(&mut server, "one who has to wait for 4 of these has a request's time after them", async {
        // One that comes before them has no more time than others: nobody can see which it was.
        for _ in 0..5 {
            if is_answered_behind_four(&address).await {
                return;
            }
        }
        panic!("it is never answered");
    })
    .await;
    row(&mut server, "1,024 streams of appends whose answers are not read", async {
        let appends = raw::frame(b"").repeat(40);
        answered(open(4, &begun(APPEND_STREAM, &writer, &appends)).await).await
    })
    .await;
    row(&mut server, "an append in frames of one byte", async {
        let mut connection = Connection::open(&address, &[]).await;
        connection.send(&begun(APPEND, &writer, &[0, 2, 0, 0, 0])(1)).await;
        // A field that is unknown, of 30 MiB.
        connection.send(&frame(DATA, 0, 1, b"\x7a\x80\x80\x80\x0f")).await;
        let some = frame(DATA, 0, 1, b"x").repeat(500);
        let mut round = 0;
        loop {
            connection.send(&some).await;
            connection.send(&frame(crate::http2::PING, 0, 0, &[0; 8])).await;
            round += 1;
            let heard = connection
                .until(|heard| heard.pongs == round || heard.headers > 0 || heard.closed)
                .await;
            // Until the time for a request is over.
            if heard.headers > 0 || heard.closed {
                println!("{} bytes: {heard:?}", round * 500);
                break;
            }
        }
    })
    .await;
    row(&mut server, "1,000 connections dropped in the middle", async {
        let request = call(1, CONSUME, &reader(), &everything(LARGE));
        let bytes = [crate::http2::PREFACE, &crate::http2::settings(&[]), &request].concat();
        for number in 0..1_000 {
            let mut connection = Connection::silent(&address).await;
            connection.send(&bytes[..(number * 7) % bytes.len()]).await;
        }
        let half = begun(APPEND, &writer, &[&[0, 0, 0, 255, 255][..], &[0; 1000]].concat());
        for _ in 0..100 {
            let mut connection = Connection::open(&address, &[]).await;
            connection.send(&half(1)).await;
        }
    })
    .await;
    server.end();
}
