use std::time::Duration;

use eventstream_core::{
    Cursor, EventQuery, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_network::{
    NetworkClient, NetworkClientBuilder, Protocol,
    proto::eventstream::v1::{AppendResponse, AppendStreamResponse, append_stream_response},
};
use tokio::time::timeout;

use super::{
    outcome::Outcome::{
        self, Connect, InvalidEnvelope, Lost, Protocol as Wrong, Timeout, Truncated, Unknown,
    },
    said::{answered, batch, consumed, describes, hello, message, one},
    script::{Script, Scripted, Then},
};
use crate::{
    raw::frame,
    support::{application, parcel},
};

/// Something has to happen within this time, or it never will.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn client(endpoint: &str) -> NetworkClientBuilder {
    let short = Duration::from_millis(300);
    NetworkClient::connect(endpoint).call_timeout(short).connect_timeout(short)
}

async fn within<T>(name: &str, doing: impl Future<Output = T>) -> T {
    let done = timeout(PATIENCE, doing).await;
    done.unwrap_or_else(|_| panic!("{name}: it never ends"))
}

fn check<T>(name: &str, result: eventstream_core::Result<T>, expected: Outcome) {
    let error = result.err().unwrap_or_else(|| panic!("{name} is taken"));
    assert_eq!(Outcome::of(&error), expected, "{name}: {error:?}");
}

async fn scripted(path: &'static str, script: Script) -> (Scripted, NetworkClient) {
    let server = Scripted::serve(
        move |asked| {
            if asked.ends_with(path) { script.clone() } else { describes() }
        },
    );
    let server = server.await;
    let client = client(&server.endpoint).await.unwrap();
    (server, client)
}

pub(super) async fn answers() {
    for (name, script, expected) in consumed().into_iter().chain(answered()) {
        let (_server, client) = scripted("/Consume", script.clone()).await;
        let stream = client.stream(application()).heartbeat(Duration::from_millis(100));
        for resumed in [false, true] {
            // Each time it is the same: who resumes is told what does not pass.
            let stream = if resumed && matches!(expected, Wrong | InvalidEnvelope | Truncated) {
                stream.clone().resume(|_: u32| Duration::from_millis(1))
            } else {
                stream.clone()
            };
            let read = async {
                let mut cursor = stream.open(5, EventTypes::any()).await?;
                let mut next = 5;
                // What was right comes before what is wrong.
                let wrong = loop {
                    match cursor.next().await {
                        Ok(event) => {
                            assert!(event.offset >= next, "{name}");
                            next = event.offset + 1;
                        }
                        Err(error) => break error,
                    }
                };
                assert!(cursor.position() >= next, "{name}");
                // It is said again.
                assert!(cursor.next().await.is_err(), "{name}");
                Err::<(), _>(wrong)
            };
            check(name, within(name, read).await, expected);
        }
    }

    for (name, script, expected) in one().into_iter().chain(answered()) {
        let (_server, client) = scripted("/Describe", script).await;
        let described = within(name, client.describe("app-key")).await;
        check(name, described, expected);
        let stream = client.stream(application()).protocol(Protocol::Ours);
        check(name, within(name, stream.event_types()).await, expected);
    }
    for protocol in [Protocol::A, Protocol::B] {
        for (name, script, expected) in one() {
            let (_server, client) = scripted("/EventTypes", script).await;
            let stream = client.stream(application()).protocol(protocol);
            check(name, within(name, stream.event_types()).await, expected);
        }
    }
    appends().await;
    queries().await;
    floods().await;
}

async fn appends() {
    let is_nothing = message(&AppendStreamResponse { outcome: None });
    let appended = append_stream_response::Outcome::Appended(AppendResponse::default());
    let appended = message(&AppendStreamResponse { outcome: Some(appended) });
    for (name, script) in [
        ("an answer of nothing", Script::says([is_nothing])),
        ("an answer that is none", Script::says([frame(&[0xff; 9])])),
        ("an answer too large", Script::says([frame(&vec![0; 5 << 20])])),
        ("no answer", Script::says([])),
        ("an end", Script::says([]).ends("0", &[])),
        ("no end", Script::says([]).then(Then::Over)),
    ] {
        let (_server, client) = scripted("/AppendStream", script).await;
        let store = client.store(application()).streaming();
        let append = store.append(vec![parcel(0, "a")], Expect::Any);
        let error = within(name, append).await.err().unwrap_or_else(|| panic!("{name} is taken"));
        // If the answer was there before anything was sent, nothing is.
        assert!(matches!(Outcome::of(&error), Unknown | Connect), "{name}: {error:?}");
    }
    for (name, script, _) in one() {
        let (_server, client) = scripted("/Append", script).await;
        let store = client.store(application());
        let append = store.append(vec![parcel(0, "a")], Expect::Any);
        check(name, within(name, append).await, Unknown);
    }
    // Answers to what was not asked: the stream is not used any more.
    let (_server, client) =
        scripted("/AppendStream", Script::says([]).then(Then::Endless(appended))).await;
    let store = client.store(application()).streaming();
    let append = async { while store.append(vec![parcel(0, "a")], Expect::Any).await.is_ok() {} };
    within("answers without end", append).await;
}

async fn queries() {
    let begun =
        |pieces: &[Vec<u8>]| Script::says([hello(5)].into_iter().chain(pieces.iter().cloned()));
    for (name, script, expected) in [
        ("it never begins", Script::says([]), Timeout),
        ("it begins below", Script::says([hello(4)]), Wrong),
        ("an event below", begun(&[batch(&[4], 5)]), Wrong),
        ("events that go back", begun(&[batch(&[6, 5], 7)]), Wrong),
        ("no end", begun(&[]).then(Then::Over), Lost),
        ("garbage", begun(&[crate::calls::noise(1_000)]), Wrong),
    ] {
        let (_server, client) = scripted("/Load", script).await;
        let store = client.store(application());
        let load = async {
            let mut query = store.load_by_type("a".into(), 5).await?;
            query.next_batch(&mut Vec::new(), 10).await
        };
        check(name, within(name, load).await, expected);
    }
}

/// A server that says something all the time, and never an event: who gives it some time gets it back.
async fn floods() {
    for (name, piece) in [
        ("positions without end", hello(5).repeat(100)),
        ("positions that move on without end", hello(u64::MAX).repeat(100)),
    ] {
        let script = Script::says([hello(5)]).then(Then::Endless(piece));
        let (_server, client) = scripted("/Consume", script).await;
        let mut cursor = client.stream(application()).open(5, EventTypes::any()).await.unwrap();
        let reading = async {
            let waited = timeout(Duration::from_millis(300), cursor.next()).await;
            assert!(waited.is_err(), "{waited:?}");
        };
        within(name, reading).await;
    }
}
