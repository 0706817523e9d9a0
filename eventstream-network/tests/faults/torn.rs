use eventstream_memory::MemoryStream;
use eventstream_network::NetworkServer;

use crate::{
    chance::{Chance, rounds},
    history::{all_types, parcels_at},
    reading::Reading,
    remote::{PROTOCOLS, remote},
    support::{
        Running, application,
        proxy::{Line, Lines, Proxy},
    },
};

/// What the server sends until all events are there, settings and headers included.
const ANSWER: u64 = 6_000;

/// In the middle of HTTP/2's settings, headers, frames and messages, and between them: from a byte at
/// random on every 59th one, or as many as `EVENTSTREAM_CUTS` says.
#[tokio::test]
async fn an_answer_that_is_torn_at_any_byte_is_read_on_from_the_next() {
    const EVENTS: u64 = 20;

    let cuts = rounds("EVENTSTREAM_CUTS", ANSWER / 59);
    let mut chance = Chance::new();
    let stream = MemoryStream::builder(application()).event_types(all_types()).build();
    stream.append(parcels_at(0..EVENTS)).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    for protocol in PROTOCOLS {
        let mut failures = 0;
        let step = (ANSWER / cuts.clamp(1, ANSWER)).max(1);
        let mut at = chance.u64(0..step);
        while at < ANSWER {
            let torn = Line { torn_after: Some(at..at + 1), ..Line::default() };
            let lines = Lines { responses: torn, ..Lines::default() };
            let proxy = Proxy::with(server.address(), lines, 0).await;
            let remote = remote(&proxy.endpoint, protocol).await;
            let mut reading = Reading::all();
            // The first connection is torn there; those after it are not.
            proxy.taken().wait_for(|taken| *taken > 0).await.unwrap();
            proxy.set_lines(Lines::default());
            failures += reading.read_by_many(&remote, EVENTS).await;
            at += step;
        }
        assert!(failures > 0, "{protocol}");
    }
}
