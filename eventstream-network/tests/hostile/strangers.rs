//! People without a token: there may be as many as there are connections, and they take nobody's place.

use crate::{
    calls::{CONSUME, WATCH},
    child::{self, Server},
    hosting,
    http2::{Connection, END_HEADERS, HEADERS, call, call_headers, frame},
    raw,
    row::row,
};

/// As many streams as a connection may have.
const STREAMS: u32 = 256;
/// With as many streams each, these have all calls that there may be.
const CONNECTIONS: usize = 64;

async fn full(address: &str, begun: impl Fn(u32) -> Vec<u8>) -> Vec<Connection> {
    let mut all = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(address, &[]).await;
        for number in 0..STREAMS {
            connection.send(&begun(2 * number + 1)).await;
        }
        all.push(connection);
    }
    for connection in &mut all {
        connection.until(|heard| heard.headers >= STREAMS as usize).await;
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_token_keeps_nobody_out() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let mut server = Server::start("strangers::who_has_no_token_keeps_nobody_out", "plain", None);
    let address = server.address.clone();
    row(&mut server, "16,384 who watch the health", async {
        full(&address, |stream| call(stream, WATCH, &[], &raw::frame(b""))).await
    })
    .await;
    row(&mut server, "16,384 who say nothing", async {
        let head = call_headers(CONSUME, &[]);
        full(&address, |stream| frame(HEADERS, END_HEADERS, stream, &head)).await
    })
    .await;
    server.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_without_end_is_sent_away() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let test = "strangers::who_watches_without_end_is_sent_away";
    let server = Server::start(test, "short", None);
    let mut connection = Connection::open(&server.address, &[]).await;
    connection.send(&call(1, WATCH, &[], &raw::frame(b""))).await;
    // Its answer, and its end.
    connection.until(|heard| heard.headers == 2 && heard.data > 0).await;
    // One whose request does not come.
    connection.send(&frame(HEADERS, END_HEADERS, 3, &call_headers(WATCH, &[]))).await;
    connection.until(|heard| heard.headers == 3).await;
    server.end();
}
