use std::time::Duration;

use tokio::time::timeout;

use super::{
    outcome::Outcome::{self, Connect, Lost, Timeout},
    raw_server::{RawServer, Then},
    table::client,
};
use crate::http2::{
    CONTINUATION, DATA, END_HEADERS, HEADERS, PING, SETTINGS, WINDOW_UPDATE, frame, header,
    settings,
};

/// Connections that are none, or bad ones.
pub(super) async fn connections() {
    let hello = [settings(&[]), frame(SETTINGS, 1, 0, &[])].concat();
    let hello = |more: Vec<u8>| [hello.clone(), more].concat();
    let mut informational = Vec::new();
    header(&mut informational, ":status", "100");
    let endless = |bytes: Vec<u8>| Then::Endless(bytes.repeat(100));
    let noise = crate::calls::noise(100_000);
    for (name, said, then, expected) in [
        ("closed at once", Vec::new(), Then::Close, &[Connect, Lost][..]),
        ("silence", Vec::new(), Then::Silence, &[Timeout]),
        ("random bytes", noise.clone(), Then::Silence, &[Connect, Lost]),
        ("HTTP/1.1", b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), Then::Silence, &[Connect, Lost]),
        ("random bytes later", hello(noise), Then::Silence, &[Connect, Lost]),
        ("settings and silence", hello(Vec::new()), Then::Silence, &[Timeout]),
        ("settings that are wrong", settings(&[(4, u32::MAX)]), Then::Silence, &[Connect, Lost]),
        (
            "a stream that nobody asked for",
            hello(frame(HEADERS, END_HEADERS, 2, &[0x88])),
            Then::Silence,
            &[Connect, Lost],
        ),
        (
            "data that nobody asked for",
            hello(frame(DATA, 0, 1, &[0; 100])),
            Then::Silence,
            &[Connect, Lost, Timeout],
        ),
        (
            "a window that overflows",
            hello(frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())),
            Then::Silence,
            &[Connect, Lost],
        ),
        ("no streams at all", hello(settings(&[(3, 0)])), Then::Silence, &[Timeout]),
        (
            "pings without end",
            hello(Vec::new()),
            endless(frame(PING, 0, 0, &[0; 8])),
            &[Timeout, Lost],
        ),
        (
            "settings without end",
            hello(Vec::new()),
            endless(settings(&[(4, 65_535)])),
            &[Timeout, Lost],
        ),
        (
            "CONTINUATION without end",
            hello(frame(HEADERS, 0, 1, &[])),
            endless(frame(CONTINUATION, 0, 1, &[])),
            &[Connect, Lost],
        ),
        (
            "promises of an answer without end",
            hello(Vec::new()),
            endless(frame(HEADERS, END_HEADERS, 1, &informational)),
            &[Timeout, Lost, Connect],
        ),
    ] {
        let server = RawServer::says(said, then).await;
        let asking = async {
            let client = client(&server.endpoint).await?;
            client.applications().await
        };
        let asked = timeout(Duration::from_secs(60), asking).await;
        let asked = asked.unwrap_or_else(|_| panic!("{name}: it never ends"));
        let error = asked.err().unwrap_or_else(|| panic!("{name} is taken"));
        let outcome = Outcome::of(&error);
        assert!(expected.contains(&outcome), "{name}: {error:?}");
    }
}
