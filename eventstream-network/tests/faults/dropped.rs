use std::time::Duration;

use eventstream_core::{Cursor, EventStream};
use tokio::time::sleep;

use crate::{
    chance::Chance,
    history::{EVENTS, serve_history},
    reading::Reading,
    remote::{PROTOCOLS, remote, soon},
    support::proxy::{Line, Lines, Proxy},
};

/// Of a cursor that resumes on a network that is slow and loses connections, half of the waits are
/// given up at random.
#[tokio::test]
async fn futures_that_are_dropped_while_the_network_fails_lose_nothing() {
    let mut chance = Chance::new();
    let server = serve_history().await;
    for protocol in PROTOCOLS {
        let proxy = Proxy::with(server.address(), Lines::default(), chance.u64(..)).await;
        let remote = remote(&proxy.endpoint, protocol).await.prefetch(10).resume(soon);
        let mut reading = Reading::all();
        let mut cursor = remote.open(0, reading.types()).await.unwrap();
        let responses = Line {
            delay: Duration::from_millis(1),
            jitter: Duration::from_millis(2),
            torn_after: Some(0..300 << 10),
            ..Line::default()
        };
        proxy.set_lines(Lines { responses, ..Lines::default() });
        proxy.cut();
        let (mut dropped, mut events) = (0, Vec::new());
        while !reading.is_at(EVENTS / 5) {
            let patience = Duration::from_micros(chance.u64(..3_000));
            let max = [1, 7, 100][chance.usize(..3)];
            // Whatever it has done when it is dropped: what it has not added is still to come.
            let read = async {
                if max > 1 {
                    return cursor.next_batch(&mut events, max).await.map(drop);
                }
                let event = cursor.next().await?;
                events.push(event);
                Ok(())
            };
            tokio::select! {
                biased;
                read = read => read.unwrap(),
                () = sleep(patience) => dropped += 1,
            }
            for event in events.drain(..) {
                reading.take(&event);
            }
            reading.check(&cursor);
        }
        assert!(dropped > 0);
    }
}
