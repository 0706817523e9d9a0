//! Connections that don't keep to HTTP/2, or keep to it too well.

use std::time::Duration;

use crate::{
    calls::{APPEND_STREAM, CONSUME, LIST},
    child::{self, Server},
    hosting::{self, READER, WRITER},
    http2::{
        CONTINUATION, Connection, DATA, END_HEADERS, HEADERS, Heard, PING, PREFACE, PRIORITY,
        RST_STREAM, SETTINGS, WINDOW_UPDATE, call_headers, frame, settings,
    },
    row::row,
};

/// Codes of HTTP/2: several are less exact than they might be, as the library has them.
const NO_ERROR: u32 = 0;
const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const FRAME_SIZE_ERROR: u32 = 6;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Sends something, and says how the connection is closed.
async fn closes(address: &str, sent: &[u8]) -> Heard {
    let mut connection = Connection::silent(address).await;
    connection.send(sent).await;
    connection.closed().await
}

fn after_settings(frames: &[u8]) -> Vec<u8> {
    [PREFACE, &settings(&[]), frames].concat()
}

fn opened(more: &[u8]) -> Vec<u8> {
    let head =
        frame(HEADERS, END_HEADERS, 1, &call_headers(APPEND_STREAM, &[("authorization", WRITER)]));
    after_settings(&[&head, more].concat())
}

/// What it is called, what is sent, and with which code the connection is ended, if HTTP/2 was spoken.
type Row = (&'static str, Vec<u8>, Option<u32>);

fn handshakes() -> Vec<Row> {
    let noise = crate::calls::noise(100_000);
    vec![
        ("nothing is sent", vec![], None),
        ("half a preface", PREFACE[..10].to_vec(), None),
        ("a wrong preface", b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n".to_vec(), None),
        ("a request of HTTP/1.1", b"GET / HTTP/1.1\r\nHost: server\r\n\r\n".to_vec(), None),
        ("TLS to the plain port", vec![22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3], None),
        ("random bytes", noise.clone(), None),
        ("a preface and nothing else", PREFACE.to_vec(), Some(NO_ERROR)),
        ("a preface and random bytes", [PREFACE, &noise].concat(), Some(FRAME_SIZE_ERROR)),
        ("random bytes after the settings", after_settings(&noise), Some(FRAME_SIZE_ERROR)),
    ]
}

fn broken() -> Vec<Row> {
    let block = call_headers(LIST, &[]);
    vec![
        // Frames.
        (
            "a frame too long",
            after_settings(&frame(DATA, 0, 1, &vec![0; (64 << 10) + 1])),
            Some(FRAME_SIZE_ERROR),
        ),
        (
            "a settings frame too short",
            after_settings(&frame(SETTINGS, 0, 0, &[0; 5])),
            Some(PROTOCOL_ERROR),
        ),
        ("a ping too short", after_settings(&frame(PING, 0, 0, &[0; 7])), Some(PROTOCOL_ERROR)),
        ("a reset too short", opened(&frame(RST_STREAM, 0, 1, &[0; 3])), Some(PROTOCOL_ERROR)),
        ("a ping of a stream", after_settings(&frame(PING, 0, 1, &[0; 8])), Some(PROTOCOL_ERROR)),
        ("settings of a stream", after_settings(&frame(SETTINGS, 0, 1, &[])), Some(PROTOCOL_ERROR)),
        ("a window of 4 GiB", after_settings(&settings(&[(4, u32::MAX)])), Some(PROTOCOL_ERROR)),
        ("a frame size of 0", after_settings(&settings(&[(5, 0)])), Some(PROTOCOL_ERROR)),
        (
            "a window that overflows",
            after_settings(&frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())),
            Some(FLOW_CONTROL_ERROR),
        ),
        (
            "a window that does not grow",
            after_settings(&frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
            Some(PROTOCOL_ERROR),
        ),
        // Streams.
        ("data of stream 0", after_settings(&frame(DATA, 0, 0, b"x")), Some(PROTOCOL_ERROR)),
        ("data of no stream", after_settings(&frame(DATA, 0, 7, b"x")), Some(PROTOCOL_ERROR)),
        (
            "a reset of no stream",
            after_settings(&frame(RST_STREAM, 0, 7, &[0; 4])),
            Some(PROTOCOL_ERROR),
        ),
        (
            "headers of an even stream",
            after_settings(&frame(HEADERS, END_HEADERS, 2, &block)),
            Some(PROTOCOL_ERROR),
        ),
        (
            "padding longer than the frame",
            opened(&frame(DATA, 8, 1, &[200, 0, 0])),
            Some(PROTOCOL_ERROR),
        ),
        // Headers.
        (
            "headers that are none",
            after_settings(&frame(HEADERS, END_HEADERS, 1, &[0xff; 100])),
            Some(PROTOCOL_ERROR),
        ),
        (
            "something between headers",
            after_settings(&[frame(HEADERS, 0, 1, &block), frame(PING, 0, 0, &[0; 8])].concat()),
            Some(PROTOCOL_ERROR),
        ),
        (
            "CONTINUATION of nothing",
            after_settings(&frame(CONTINUATION, 0, 1, b"")),
            Some(PROTOCOL_ERROR),
        ),
    ]
}

/// What is allowed, and too much of it.
fn too_much() -> Vec<Row> {
    let block = call_headers(LIST, &[]);
    vec![
        (
            "100,000 CONTINUATIONs",
            after_settings(
                &[frame(HEADERS, 0, 1, &block), frame(CONTINUATION, 0, 1, b"").repeat(100_000)]
                    .concat(),
            ),
            Some(ENHANCE_YOUR_CALM),
        ),
        (
            "100,000 frames of no data",
            opened(&frame(DATA, 0, 1, b"").repeat(100_000)),
            Some(ENHANCE_YOUR_CALM),
        ),
        (
            "10,000 streams opened and reset at once",
            after_settings(&resets(10_000)),
            Some(ENHANCE_YOUR_CALM),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_keep_to_http2_is_cut_off() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let mut server = Server::start("frames::who_does_not_keep_to_http2_is_cut_off", "plain", None);
    let address = server.address.clone();
    let mut wrong = Vec::new();
    for (name, sent, code) in handshakes().into_iter().chain(broken()).chain(too_much()) {
        row(&mut server, name, async {
            let heard = closes(&address, &sent).await;
            if heard.goaway != code {
                wrong.push((name, heard));
            }
        })
        .await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    server.end();
}

fn resets(count: u32) -> Vec<u8> {
    let block = call_headers(CONSUME, &[("authorization", READER)]);
    let one = |number| {
        let stream = 2 * number + 1;
        let head = frame(HEADERS, END_HEADERS, stream, &block);
        [head, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    (0..count).flat_map(one).collect()
}

/// What is allowed as often as somebody likes is answered, and costs nothing that stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_keeps_the_server_busy_is_in_nobody_s_way() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let test = "frames::who_keeps_the_server_busy_is_in_nobody_s_way";
    let mut server = Server::start(test, "plain", None);
    let address = server.address.clone();
    let ping = frame(PING, 0, 0, &[7; 8]);
    for (name, one) in [
        ("PING", ping.clone()),
        ("SETTINGS", settings(&[(4, 65_535)])),
        ("SETTINGS that are unknown", settings(&[(0x99, 1)])),
        ("frames that are unknown", frame(0x42, 0, 0, &[0; 100])),
        ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes())),
        ("PRIORITY", frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 7])),
    ] {
        row(&mut server, &format!("100,000 {name}"), async {
            let mut connection = Connection::open(&address, &[]).await;
            let head = call_headers(CONSUME, &[("authorization", READER)]);
            connection.send(&frame(HEADERS, END_HEADERS, 1, &head)).await;
            let flood = one.repeat(1_000);
            for _ in 0..100 {
                assert!(connection.send(&flood).await);
            }
            let last = *b"the last";
            connection.send(&frame(PING, 0, 0, &last)).await;
            connection.until(|heard| heard.last_pong == Some(last)).await;
            connection
        })
        .await;
    }
    for (name, one) in [("PING", ping), ("SETTINGS", settings(&[]))] {
        row(&mut server, &format!("{name}, while the answers are not read"), async {
            let mut connection = Connection::open(&address, &[]).await;
            connection.read_no_more();
            let flood = one.repeat(10_000);
            // It takes no more until somebody takes its answers.
            while connection.send_for(&flood, Duration::from_millis(500)).await {}
            connection
        })
        .await;
    }
    server.end();
}
