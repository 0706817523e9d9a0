use std::{sync::Arc, time::Duration};

use eventstream_core::{Cursor, Envelope, Error, EventStream, EventTypes, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::{Limits, NetworkClient, NetworkServer, NetworkStream, Protocol};
use tokio::time::{sleep, timeout};

use crate::{
    counted_stream::CountedStream,
    support::{Running, application},
};

const EVENTS: u64 = 500;

/// More than fits into what is on its way.
fn stream() -> MemoryStream {
    let stream =
        MemoryStream::builder(application()).event_types("large".into()).buffer_size(1_000).build();
    for id in 0..EVENTS {
        let envelope = Envelope {
            data: vec![0; 16 << 10].into(),
            ..Envelope::new(format!("large-{id}"), application(), "large", "text/plain")
        };
        stream.append_one(Parcel::seal(envelope).unwrap()).unwrap();
    }
    stream
}

/// A server, a stream of it, and what all cursors there have a clone of.
async fn served(stream: MemoryStream) -> (Arc<Running>, NetworkStream, Arc<()>) {
    let cursors = Arc::new(());
    let counted = CountedStream { stream, cursors: cursors.clone() };
    let limits = Limits::default().unread_timeout(Duration::from_millis(50));
    let server = Running::start(NetworkServer::builder().host(counted).limits(limits)).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    (server, client.stream(application()).prefetch(0), cursors)
}

/// Until nobody but the stream and the test has a clone.
async fn no_cursor_is_left(cursors: &Arc<()>) {
    let gone = async {
        while Arc::strong_count(cursors) > 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(60), gone).await.unwrap();
}

#[tokio::test]
async fn who_takes_nothing_loses_the_cursor_and_no_event() {
    let (_server, remote, cursors) = served(stream()).await;
    for protocol in [Protocol::Ours, Protocol::A, Protocol::B] {
        let remote = remote.clone().protocol(protocol);
        let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 0);
        no_cursor_is_left(&cursors).await;
        for offset in 1..EVENTS {
            let event = timeout(Duration::from_secs(60), cursor.next()).await.unwrap().unwrap();
            assert_eq!(event.offset, offset);
        }
    }
}

#[tokio::test]
async fn who_takes_nothing_is_told_what_was_truncated_meanwhile() {
    let stream = stream();
    let (_server, remote, cursors) = served(stream.clone()).await;
    let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 0);
    no_cursor_is_left(&cursors).await;
    stream.truncate(EVENTS - 1).unwrap();
    let mut next = 1;
    let error = loop {
        match timeout(Duration::from_secs(60), cursor.next()).await.unwrap() {
            Ok(event) => assert_eq!(event.offset, next),
            Err(error) => break error,
        }
        next += 1;
    };
    assert!(
        matches!(error, Error::Truncated { requested, oldest } if (requested, oldest) == (next, EVENTS - 1)),
        "{error:?}"
    );
}
