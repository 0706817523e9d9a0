//! Appending, beyond what the suite says.

use std::time::Duration;

use eventstream_core::{Envelope, Error, EventRepository, EventStore, EventTypes, Expect, Parcel};
use eventstream_persisted::{JetStreamError, JetStreamStore};

use crate::support::{
    LONG, Program, Raw, Server, Settings, application, offsets, parcel, parcels, problem, read,
    shared, stream_name,
};

async fn store(program: Program) -> Option<JetStreamStore> {
    let server = shared(program)?;
    let builder = JetStreamStore::builder(server.url(&stream_name())).create_for(application());
    Some(builder.open().await.unwrap())
}

#[tokio::test]
async fn an_id_is_known_whatever_else_is_different() {
    for program in [Program::New, Program::Old] {
        let Some(store) = store(program).await else { return };
        store.append(vec![parcel(1)], Expect::Any).await.unwrap();
        let other = Envelope::new("m-1", application(), "another type", "text/plain");
        let other = vec![Parcel::seal(other).unwrap()];
        assert_eq!(store.append(other, Expect::Any).await.unwrap(), 0..1);
        assert_eq!(store.next_offset().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn odd_names_are_told_apart() {
    let Some(store) = store(Program::New).await else { return };
    let long = "long ".repeat(200);
    let names = ["a.b", "a=2eb", "a*", ">", "~", "ü", "a b", "A", "a", &long];
    let mut batch = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let envelope = Envelope::new(format!("id {name} {n}"), application(), *name, "text/plain");
        batch.push(Parcel::seal(envelope).unwrap());
    }
    assert_eq!(store.append(batch.clone(), Expect::Any).await.unwrap(), 0..10);
    assert_eq!(store.append(batch, Expect::Any).await.unwrap(), 0..10);
    for (offset, name) in (0..).zip(names) {
        let events = read(&store, EventTypes::from(name), 0).await.unwrap();
        assert_eq!(offsets(&events), [offset], "{name}");
    }
    assert_eq!(store.event_types().await.unwrap(), names.into_iter().collect());
}

#[tokio::test]
async fn many_types_are_filtered_here() {
    let Some(store) = store(Program::New).await else { return };
    store.append(parcels(0..100), Expect::Any).await.unwrap();
    let types = (0..200).map(|n| if n == 0 { "type-7".to_owned() } else { format!("none-{n}") });
    let events = read(&store, types.collect(), 0).await.unwrap();
    assert_eq!(offsets(&events), [7, 17, 27, 37, 47, 57, 67, 77, 87, 97]);
}

#[tokio::test]
async fn an_old_server_takes_one_event_at_a_time() {
    let Some(store) = store(Program::Old).await else { return };
    let error = problem(store.append(parcels(0..3), Expect::Any).await);
    assert!(matches!(error, JetStreamError::BatchesNotSupported { events: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("2.12"), "{error}");
    assert_eq!(store.next_offset().await.unwrap(), 0);
    for n in 0..30 {
        let offsets = store.append(vec![parcel(n)], Expect::Offset(n)).await.unwrap();
        assert_eq!(offsets, n..n + 1);
    }
    // A run of several appends is a repetition, also where nothing could be stored.
    assert_eq!(store.append(parcels(3..9), Expect::Any).await.unwrap(), 3..9);
    let conflict = store.append(vec![parcel(99)], Expect::Offset(7)).await;
    assert!(matches!(conflict, Err(Error::OffsetConflict { expected: 7, actual: 30 })));
    let events = read(&store, EventTypes::from_iter(["type-1", "type-2"]), 5).await.unwrap();
    assert_eq!(offsets(&events), [11, 12, 21, 22]);
}

#[tokio::test]
async fn two_append_to_an_old_server() {
    let Some(first) = store(Program::Old).await else { return };
    let url = shared(Program::Old).unwrap().url(first.name());
    let second = JetStreamStore::open(url).await.unwrap();
    let appending = [&first, &second].map(|store| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut ranges = Vec::new();
            // Both of them the same ones.
            for n in 0..100 {
                ranges.push(store.append(vec![parcel(n)], Expect::Any).await.unwrap());
            }
            ranges
        })
    });
    let [mine, theirs] = appending;
    assert_eq!(mine.await.unwrap(), theirs.await.unwrap());
    assert_eq!(read(&first, EventTypes::any(), 0).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_stream_of_an_old_server_gets_batches_with_a_new_one() {
    let Some(mut server) = Server::start(Program::Old, &Settings::default()) else { return };
    let Some(new) = crate::support::program(Program::New) else { return };
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    let before = builder.clone().open().await.unwrap();
    before.append(vec![parcel(0)], Expect::Any).await.unwrap();
    server.kill();
    server.upgrade(new);
    // To read it, or to look at it, changes nothing.
    let raw = Raw::connect(&server).await;
    let config = raw.config("orders").await;
    let reader = JetStreamStore::builder(server.url("orders"));
    reader.clone().open().await.unwrap();
    reader.findings().await.unwrap();
    assert_eq!(raw.config("orders").await, config);
    let store = builder.open().await.unwrap();
    assert_eq!(store.incarnation(), before.incarnation());
    assert_eq!(store.append(vec![parcel(0)], Expect::Any).await.unwrap(), 0..1);
    assert_eq!(store.append(parcels(1..5), Expect::Any).await.unwrap(), 1..5);
}

#[test]
fn an_append_that_its_runtime_leaves_behind_may_be_stored() {
    let Some(server) = Server::start(Program::New, &Settings::default()) else { return };
    let opened_on = tokio::runtime::Runtime::new().unwrap();
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    let store = opened_on.block_on(builder.open()).unwrap();
    // So no answer comes.
    server.signal("STOP");
    let another = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    another.block_on(async {
        let mut append = std::pin::pin!(store.append(parcels(0..1), Expect::Any));
        tokio::select! {
            biased;
            stored = &mut append => panic!("{stored:?}"),
            () = std::future::ready(()) => {}
        }
        opened_on.shutdown_background();
        let error = problem(tokio::time::timeout(LONG, append).await.unwrap());
        assert!(matches!(error, JetStreamError::OutcomeUnknown { .. }), "{error:?}");
        // This one is not begun.
        let error = problem(store.append(parcels(0..1), Expect::Any).await);
        assert!(matches!(error, JetStreamError::Stopped), "{error:?}");
    });
}

#[tokio::test]
async fn what_is_too_much_is_refused_before_it_is_sent() {
    let Some(store) = store(Program::New).await else { return };
    let envelope = Envelope::new("m-1", application(), "type", "text/plain");
    let large = Parcel::seal(Envelope { data: vec![0; 8_400_000].into(), ..envelope }).unwrap();
    match store.append(vec![large], Expect::Any).await {
        Err(Error::InvalidEnvelope { problem, .. }) => {
            assert!(problem.contains("larger"), "{problem}");
        }
        result => panic!("{result:?}"),
    }
    let error = problem(store.append(parcels(0..1_001), Expect::Any).await);
    let JetStreamError::TooManyEvents { events: 1_001, max: 1_000 } = error else {
        panic!("{error:?}")
    };
    assert_eq!(store.append(parcels(0..1_000), Expect::Any).await.unwrap(), 0..1_000);
}

#[tokio::test]
async fn a_server_may_take_less_at_a_time() {
    let jetstream = "limits { batch { max_msgs: 10 } }\nsync_interval: always".to_owned();
    let settings = Settings { jetstream: Some(jetstream), ..Settings::default() };
    let Some(server) = Server::start(Program::New, &settings) else { return };
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    let store = builder.open().await.unwrap();
    // Several that together are too many, again and again.
    let appending: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.append(parcels(n * 3..n * 3 + 3), Expect::Any).await })
        })
        .collect();
    for task in appending {
        task.await.unwrap().unwrap();
    }
    assert_eq!(store.next_offset().await.unwrap(), 60);
    let error = problem(store.append(parcels(100..111), Expect::Any).await);
    assert!(matches!(error, JetStreamError::TooManyEvents { events: 11, max: 10 }), "{error:?}");
}

#[tokio::test]
async fn an_outcome_that_is_not_known_is_said_and_can_be_found_out() {
    let Some(mut server) = Server::start(Program::New, &Settings::default()) else { return };
    let builder = JetStreamStore::builder(server.url("orders")).timeout(Duration::from_secs(1));
    let store = builder.create_for(application()).open().await.unwrap();
    store.append(parcels(0..2), Expect::Any).await.unwrap();
    // It hangs: what is sent arrives, and nobody answers.
    server.signal("STOP");
    let unknown = store.append(parcels(2..5), Expect::Any).await;
    assert!(unknown.as_ref().unwrap_err().is_retryable());
    let error = problem(unknown);
    assert!(matches!(error, JetStreamError::OutcomeUnknown { .. }), "{error:?}");
    server.signal("CONT");
    // The same ones again: stored once, wherever the first attempt has got to.
    let appended = loop {
        match store.append(parcels(2..5), Expect::Any).await {
            Err(error) if error.is_retryable() => {}
            result => break result.unwrap(),
        }
    };
    assert_eq!(appended, 2..5);
    assert_eq!(read(&store, EventTypes::any(), 0).await.unwrap().len(), 5);
    // One that is gone has not got it.
    server.kill();
    let gone = store.append(parcels(5..6), Expect::Any).await;
    assert!(gone.unwrap_err().is_retryable());
}
