use std::{collections::BTreeMap, error::Error as _, time::Duration};

use eventstream_core::{
    Envelope, Error, EventQuery, EventRepository, EventStore, EventTypes, Expect, Parcel, Result,
};
use eventstream_network::{Limits, NetworkClient, NetworkError, NetworkServer, NetworkStore};
use eventstream_persisted::EmbeddedStore;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    chance::{Chance, rounds},
    remote::{GENEROUS, client},
    support::{
        Running, application, parcel, parcels,
        proxy::{Line, Lines, Proxy},
    },
};

async fn store_in(directory: &tempfile::TempDir) -> EmbeddedStore {
    let path = directory.path().join("store");
    EmbeddedStore::builder(path).create_for(application()).open().await.unwrap()
}

async fn serve(store: &EmbeddedStore) -> std::sync::Arc<Running> {
    let stream = store.stream(EventTypes::any());
    Running::start(NetworkServer::builder().host_with_store(stream, store.clone())).await
}

fn is_unknown(error: &Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    error.is_retryable() && matches!(source, Some(NetworkError::OutcomeUnknown(_)))
}

/// The only two things that a lost connection may come to.
pub(crate) fn assert_unknown_or_not_sent(error: &Error) {
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    let is_not_sent = matches!(source, Some(NetworkError::Connect { .. }));
    assert!(is_unknown(error) || error.is_retryable() && is_not_sent, "{error:?}");
}

/// Appends until there is an answer; returns it, and how often the outcome was not known.
async fn answered(
    store: &NetworkStore,
    parcels: &[Parcel],
    expect: Expect,
) -> (Result<std::ops::Range<u64>>, u64) {
    let mut unknown = 0;
    loop {
        match timeout(GENEROUS, store.append(parcels.to_vec(), expect)).await.expect("it hangs") {
            Err(error) if error.is_retryable() => {
                assert_unknown_or_not_sent(&error);
                unknown += u64::from(is_unknown(&error));
            }
            answer => return (answer, unknown),
        }
    }
}

/// What one of those does who append at the same time: one append after the other. Returns where
/// they are, and how often the outcome was not known.
async fn write(store: NetworkStore, writer: u64, appends: u64) -> (BTreeMap<u64, u64>, u64) {
    const EVENTS: u64 = 3;

    let (mut ids, mut all_unknown) = (BTreeMap::new(), 0);
    for append in 0..appends {
        let first = (writer * appends + append) * EVENTS;
        let parcels = parcels(first..first + EVENTS, "a");
        let (appended, unknown) = answered(&store, &parcels, Expect::Any).await;
        let range = appended.unwrap();
        assert_eq!(range.end - range.start, EVENTS);
        // Behind all that were acknowledged before.
        assert!(ids.last_key_value().is_none_or(|(last, _)| *last < range.start));
        ids.extend(range.zip(first..));
        all_unknown += unknown;
        // An answer that says no is told from none.
        let (refused, _) = answered(&store, &[parcel(u64::MAX, "a")], Expect::Offset(0)).await;
        assert!(matches!(refused, Err(Error::OffsetConflict { expected: 0, .. })), "{refused:?}");
    }
    (ids, all_unknown)
}

/// `EVENTSTREAM_CUTS` is how often each of them appends.
#[tokio::test]
async fn appends_whose_connections_are_lost_at_random_are_there_once() {
    let appends = rounds("EVENTSTREAM_CUTS", 40);
    let mut chance = Chance::new();
    for streaming in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let store = store_in(&directory).await;
        let server = serve(&store).await;
        // Appends and answers are lost alike.
        let torn = |bytes| Line { torn_after: Some(0..bytes), ..Line::default() };
        let lines = Lines { requests: torn(8_000), responses: torn(1_000) };
        let proxy = Proxy::with(server.address(), Lines::default(), chance.u64(..)).await;
        let client = client(&proxy.endpoint).await.unwrap();
        // It is there, so that no offset is 0.
        store.append(vec![parcel(1 << 40, "a")], Expect::Any).await.unwrap();
        proxy.set_lines(lines);
        proxy.cut();
        let mut writers = JoinSet::new();
        for writer in 0..4 {
            let remote = client.store(application());
            let remote = if streaming { remote.streaming() } else { remote };
            writers.spawn(write(remote, writer, appends));
        }
        let (mut expected, mut unknown) = (BTreeMap::from([(0, 1 << 40)]), 0);
        for (ids, of_writer) in writers.join_all().await {
            expected.extend(ids);
            unknown += of_writer;
        }
        assert!(unknown > 0 || appends == 0, "no answer was lost");
        assert_eq!(stored(&store).await, expected);
    }
}

/// The number of each event's message, by its offset.
async fn stored(store: &EmbeddedStore) -> BTreeMap<u64, u64> {
    let mut query = store.load_by_type(EventTypes::any(), 0).await.unwrap();
    let (mut ids, mut events) = (BTreeMap::new(), Vec::new());
    while query.next_batch(&mut events, 1_000).await.unwrap() > 0 {
        for event in events.drain(..) {
            let id = event.parcel.message_id().strip_prefix("m-").unwrap().parse().unwrap();
            ids.insert(event.offset, id);
        }
    }
    ids
}

#[tokio::test]
async fn an_append_to_a_server_that_has_vanished_ends_and_can_be_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let store = store_in(&directory).await;
    let server = serve(&store).await;
    let proxy = Proxy::to(server.address()).await;
    let remote = client(&proxy.endpoint).await.unwrap().store(application());
    let mut next = 0;
    for remote in [remote.clone(), remote.streaming()] {
        remote.append(vec![parcel(next, "a")], Expect::Any).await.unwrap();
        let appended = vec![parcel(next + 1, "a")];
        proxy.swallow();
        let error = timeout(GENEROUS, remote.append(appended.clone(), Expect::Any)).await;
        let error = error.expect("it hangs").unwrap_err();
        assert!(is_unknown(&error), "{error:?}");
        proxy.heal();
        // What was tried meanwhile is swallowed, too.
        proxy.cut();
        let (again, _) = answered(&remote, &appended, Expect::Any).await;
        assert_eq!(again.unwrap(), next + 1..next + 2);
        next += 2;
    }
}

/// The connection is there, and nothing is done: also who has not been sent yet, because others
/// wait in front, does not wait for ever.
#[tokio::test]
async fn appends_that_a_server_does_not_get_done_end_after_the_call_s_timeout() {
    let directory = tempfile::tempdir().unwrap();
    let store = store_in(&directory).await;
    // So that a server which comes to an end with one of them now and then is not done with all.
    let limits = Limits::default().appends_per_stream(1);
    let stream = store.stream(EventTypes::any());
    let builder = NetworkServer::builder().host_with_store(stream, store.clone()).limits(limits);
    let server = Running::start(builder).await;
    let patience = Duration::from_millis(300);
    let client = NetworkClient::connect(&server.endpoint).call_timeout(patience).await.unwrap();
    let remote = client.store(application());
    // Another process's turn: no append ends.
    let lock = directory.path().join("store").join("lock");
    let lock = std::fs::File::options().write(true).open(lock).unwrap();
    lock.lock().unwrap();
    for remote in [remote.clone(), remote.clone().streaming()] {
        let mut appends = JoinSet::new();
        // More than the server takes before the first are done.
        for id in 0..600 {
            let remote = remote.clone();
            let envelope = Envelope {
                data: vec![0; 16 << 10].into(),
                ..Envelope::new(format!("m-{id}"), application(), "a", "text/plain")
            };
            let parcels = vec![Parcel::seal(envelope).unwrap()];
            appends.spawn(async move { remote.append(parcels, Expect::Any).await });
        }
        for append in timeout(GENEROUS, appends.join_all()).await.expect("some hang") {
            let error = append.unwrap_err();
            assert!(is_unknown(&error), "{error:?}");
        }
    }
    drop(lock);
    let (appended, _) = answered(&remote, &[parcel(1_000, "a")], Expect::Any).await;
    appended.unwrap();
}
