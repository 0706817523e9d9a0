//! Networks that are slow, and that lose connections at random.

use std::time::Duration;

use eventstream_core::EventStream;

use crate::{
    chance::{Chance, rounds},
    history::serve_history,
    reading::Reading,
    remote::{PROTOCOLS, events_by, remote, soon},
    support::proxy::{Line, Lines, Proxy},
};

/// By one cursor that resumes, of all types and of one; and by one cursor after the other.
async fn is_read_over(lines: Lines) {
    let mut chance = Chance::new();
    let server = serve_history().await;
    for protocol in PROTOCOLS {
        let end = events_by(protocol);
        let proxy = Proxy::with(server.address(), Lines::default(), chance.u64(..)).await;
        let remote = remote(&proxy.endpoint, protocol).await;
        proxy.set_lines(lines.clone());
        proxy.cut();
        let resuming = remote.clone().resume(soon);
        for mut reading in [Reading::all(), Reading::one_type()] {
            let mut cursor = loop {
                // It is not yet a cursor that could resume.
                if let Ok(cursor) = resuming.open(0, reading.types()).await {
                    break cursor;
                }
            };
            reading.read(&mut cursor, end).await.unwrap();
        }
        let mut failures = 0;
        for mut reading in [Reading::all(), Reading::one_type()] {
            failures += reading.read_by_many(&remote, end / 2).await;
        }
        assert!(failures > 0 || lines.responses.torn_after.is_none(), "nothing was lost");
    }
}

#[tokio::test]
async fn each_event_comes_once_over_a_network_with_delay() {
    let line = Line {
        delay: Duration::from_millis(3),
        jitter: Duration::from_millis(4),
        ..Line::default()
    };
    is_read_over(Lines { requests: line.clone(), responses: line }).await;
}

#[tokio::test]
async fn each_event_comes_once_over_a_network_of_little_bandwidth() {
    let line = Line { bytes_per_second: Some(8 << 20), ..Line::default() };
    is_read_over(Lines { requests: line.clone(), responses: line }).await;
}

#[tokio::test]
async fn each_event_comes_once_over_a_network_that_loses_connections() {
    // More than one message of our own protocol has: some get through.
    let torn_after = Some(0..400 << 10);
    let responses = Line { torn_after, ..Line::default() };
    // Requests are torn more seldom: they are small.
    let requests = Line { torn_after: Some(0..2_000), ..Line::default() };
    is_read_over(Lines { requests, responses }).await;
}

/// As often as `EVENTSTREAM_CUTS` says, by a reset or in order, at any moment.
#[tokio::test]
async fn each_event_comes_once_however_often_the_network_is_cut() {
    let cuts = rounds("EVENTSTREAM_CUTS", 100);
    let mut chance = Chance::new();
    let server = serve_history().await;
    for protocol in PROTOCOLS {
        let end = events_by(protocol);
        let proxy = Proxy::to(server.address()).await;
        let remote = remote(&proxy.endpoint, protocol).await;
        let resuming = remote.clone().resume(soon);
        let (mut reading, mut others) = (Reading::all(), Reading::one_type());
        let mut cursor = resuming.open(0, reading.types()).await.unwrap();
        let mut filtered = resuming.open(0, others.types()).await.unwrap();
        for cut in 1..=cuts {
            let until = end / cuts * cut - chance.u64(..end / cuts);
            reading.read(&mut cursor, until).await.unwrap();
            others.read(&mut filtered, until).await.unwrap();
            if chance.bool() {
                proxy.cut();
            } else {
                proxy.close();
            }
        }
        reading.read(&mut cursor, end).await.unwrap();
        others.read(&mut filtered, end).await.unwrap();
    }
}
