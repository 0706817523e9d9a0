//! Our client against the server in Python.

use std::{error::Error as _, time::Duration};

use eventstream_core::{Cursor, Error, EventStream, EventTypes, Identity};
use eventstream_network::{NetworkCursor, NetworkError, NetworkStream, Protocol};

use crate::{interpreter::interpreter, python_server::PythonServer};

/// More of them than a client holds in memory, so that a server that is killed is in the middle.
const EVENTS: u64 = 20_000;

fn network_error(error: &Error) -> &NetworkError {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.unwrap_or_else(|| panic!("the source is no NetworkError: {error:?}"))
}

fn is_lost(error: &Error) -> bool {
    error.is_retryable() && matches!(network_error(error), NetworkError::Lost { .. })
}

async fn stream(server: &PythonServer, application: &str) -> NetworkStream {
    let application = Identity::new(application, format!("{application}-key"));
    NetworkStream::connect(&server.endpoint(), application).await.unwrap()
}

/// How opening fails, or the first event where the server says so only then.
async fn refusal(stream: &NetworkStream, offset: u64, types: EventTypes) -> Error {
    match stream.open(offset, types).await {
        Ok(mut cursor) => cursor.next().await.unwrap_err(),
        Err(error) => error,
    }
}

/// Each event of these offsets, once, in order, and whole.
async fn read(cursor: &mut NetworkCursor, offsets: impl Iterator<Item = u64>) {
    for offset in offsets {
        let event = cursor.next().await.unwrap();
        let parcel = &event.parcel;
        assert_eq!((event.offset, parcel.message_id()), (offset, &*format!("m-{offset}")));
        assert_eq!(parcel.data(), format!("payload {offset}"));
        assert!(parcel.wire().ends_with(b"\xa2\x06\x07unknown"), "{parcel:?}");
        assert_eq!(cursor.position(), offset + 1);
    }
}

#[tokio::test]
async fn thousands_of_events_come_once_and_in_order() {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let server = PythonServer::start(&interpreter, 0, EVENTS).await;
    let remote = stream(&server, "app").await;
    let declared = EventTypes::from_iter(["even", "odd"]);
    assert_eq!(remote.event_types().await.unwrap(), declared);
    for (prefetch, types, first, step) in [
        (1_000, EventTypes::any(), 0, 1),
        (0, "odd".into(), EVENTS - 2_001, 2),
        (1, declared.clone(), EVENTS - 1_000, 1),
    ] {
        let mut cursor = remote.clone().prefetch(prefetch).open(first, types).await.unwrap();
        // Found out: it speaks nothing else.
        assert_eq!(cursor.protocol(), Protocol::A);
        read(&mut cursor, (first..EVENTS).step_by(step)).await;
        let waited = tokio::time::timeout(Duration::from_millis(200), cursor.next()).await;
        assert!(waited.is_err(), "{waited:?}");
    }
    for wanted in ["text/plain", "text/html"] {
        let asking = remote.clone().media_types([wanted, "text/other"]);
        let mut cursor = asking.open(0, declared.clone()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().parcel.media_type(), wanted);
    }
}

#[tokio::test]
async fn each_refusal_is_known_for_what_it_is() {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let server = PythonServer::start(&interpreter, 0, EVENTS).await;
    // What the server does not say is where the stream begins now.
    for (application, oldest) in [("verity", 8), ("truncated", 8), ("detailed", 77)] {
        let error = refusal(&stream(&server, application).await, 7, "even".into()).await;
        let Error::Truncated { requested: 7, oldest: found } = error else {
            panic!("{application}: {error:?}");
        };
        assert_eq!(found, oldest, "{application}");
    }

    let types = EventTypes::from_iter(["x", "y"]);
    for application in ["app", "choosy"] {
        let error = refusal(&stream(&server, application).await, 0, types.clone()).await;
        let Error::UnsupportedEventTypes { types: found } = error else {
            panic!("{application}: {error:?}");
        };
        assert_eq!(found, types, "{application}");
    }

    for (application, refused) in [
        ("nobody", (5, "unrecognized application: nobody-key")),
        ("media", (3, "no recognized media types")),
    ] {
        let error = refusal(&stream(&server, application).await, 0, "even".into()).await;
        assert!(matches!(error, Error::Backend { retryable: false, .. }), "{error:?}");
        let NetworkError::Refused { code, message, .. } = network_error(&error) else {
            panic!("{application}: {error:?}");
        };
        assert_eq!((*code, message.as_str()), refused, "{application}");
    }
}

#[tokio::test]
async fn what_has_come_before_a_failure_is_delivered_before_it() {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let server = PythonServer::start(&interpreter, 0, EVENTS).await;
    for application in ["busy", "broken", "ended", "invalid"] {
        let remote = stream(&server, application).await;
        let mut cursor = remote.open(2, EventTypes::any()).await.unwrap();
        read(&mut cursor, 2..5).await;
        // It stays so.
        for _ in 0..2 {
            let error = cursor.next().await.unwrap_err();
            match application {
                "ended" => assert!(is_lost(&error), "{error:?}"),
                "invalid" => assert!(
                    matches!(error, Error::InvalidEnvelope { field: "created_at", .. }),
                    "{error:?}"
                ),
                refused => {
                    let NetworkError::Refused { code, message, .. } = network_error(&error) else {
                        panic!("{error:?}");
                    };
                    let expected = match refused {
                        "busy" => (true, 14, "busy: 100 % ☃"),
                        _ => (false, 13, "broken"),
                    };
                    assert_eq!((error.is_retryable(), *code, message.as_str()), expected);
                }
            }
        }
        assert_eq!(cursor.position(), 5);
    }
}

#[tokio::test]
async fn a_server_that_is_killed_is_a_retryable_error() {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let server = PythonServer::start(&interpreter, 0, EVENTS).await;
    let remote = stream(&server, "app").await;
    let mut waiting = remote.open(EVENTS - 1, EventTypes::any()).await.unwrap();
    read(&mut waiting, EVENTS - 1..EVENTS).await;
    let mut reading = remote.open(0, EventTypes::any()).await.unwrap();
    read(&mut reading, 0..10).await;
    server.kill().await;

    assert!(is_lost(&waiting.next().await.unwrap_err()));
    assert_eq!(waiting.position(), EVENTS);
    let mut next = 10;
    let error = loop {
        match reading.next().await {
            Ok(event) => assert_eq!(event.offset, next),
            Err(error) => break error,
        }
        next += 1;
    };
    assert!(is_lost(&error), "{error:?}");
    assert!(next < EVENTS, "it was not in the middle");
    assert_eq!(reading.position(), next);
    let error = refusal(&remote, next, EventTypes::any()).await;
    assert!(error.is_retryable(), "{error:?}");
    assert!(matches!(network_error(&error), NetworkError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_cursor_that_resumes_outlives_its_server() {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let mut server = PythonServer::start(&interpreter, 0, EVENTS).await;
    let remote = stream(&server, "app").await.resume(|_| Duration::from_millis(20));
    let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
    for until in [1_000, 9_000, EVENTS] {
        let next = cursor.position();
        read(&mut cursor, next..until).await;
        let port = server.port;
        server.kill().await;
        server = PythonServer::start(&interpreter, port, EVENTS + 1).await;
    }
    read(&mut cursor, EVENTS..=EVENTS).await;
}
