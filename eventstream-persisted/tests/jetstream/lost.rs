//! A server that comes back without what it had acknowledged, as one that does not sync always can do
//! after a loss of power: an older copy of its folder takes the place of what it has written.

use eventstream_core::{Cursor, EventRepository, EventStore, EventStream, EventTypes, Expect};
use eventstream_persisted::{JetStreamError, JetStreamStore};
use tokio::time::timeout;

use crate::support::{
    LONG, Program, Server, Settings, application, offsets, parcels, problem, read,
};

/// A server with 90 events, of which a copy was kept, and stores that know 100: one that has appended
/// all of them, and one that has only seen that they are there.
async fn before(program: Program) -> Option<(Server, JetStreamStore, JetStreamStore)> {
    let mut server = Server::start(program, &Settings::default())?;
    let url = server.url("orders");
    let writer = JetStreamStore::builder(&url).create_for(application()).open().await.unwrap();
    append(&writer, 0..90).await;
    server.kill();
    server.keep_copy();
    server.restart();
    server.wait_ready();
    append(&writer, 90..100).await;
    let reader = JetStreamStore::open(&url).await.unwrap();
    Some((server, writer, reader))
}

async fn append(store: &JetStreamStore, numbers: std::ops::Range<u64>) {
    for parcel in parcels(numbers) {
        store.append(vec![parcel], Expect::Any).await.unwrap();
    }
}

fn lose(server: &mut Server) {
    server.kill();
    server.put_copy_back();
    server.restart();
    server.wait_ready();
}

fn is_lost(error: &JetStreamError) {
    assert!(matches!(error, JetStreamError::Lost { offset: 99, .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_has_lost_is_said_to_all() {
    for program in [Program::New, Program::Old] {
        let Some((mut server, writer, reader)) = before(program).await else { return };
        let waiting = [&writer, &reader].map(|store| {
            let stream = store.stream(EventTypes::any());
            tokio::spawn(async move {
                let mut cursor = stream.open(100, EventTypes::any()).await.unwrap();
                timeout(LONG, cursor.next()).await.unwrap()
            })
        });
        // It reads what is in the cache.
        let stream = writer.stream(EventTypes::any());
        let mut cursor = stream.open(95, EventTypes::any()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 95);
        lose(&mut server);
        is_lost(&problem(writer.append(parcels(100..101), Expect::Any).await));
        for waiting in waiting {
            is_lost(&problem(waiting.await.unwrap()));
        }
        for store in [&writer, &reader] {
            is_lost(&problem(store.next_offset().await));
            is_lost(&problem(store.load_by_type(EventTypes::any(), 0).await));
            is_lost(&problem(store.append(parcels(90..91), Expect::Any).await));
            is_lost(&problem(store.wait_for(95).await));
            // Nothing is handed out of what was kept in memory.
            let cached = store.stream(EventTypes::any()).open(95, EventTypes::any()).await;
            is_lost(&problem(cached));
        }
        // Opened again, it is what it is: the lost ones can be appended again.
        let again = JetStreamStore::open(server.url("orders")).await.unwrap();
        append(&again, 89..101).await;
        let events = read(&again, EventTypes::any(), 0).await.unwrap();
        assert_eq!(offsets(&events), (0..101).collect::<Vec<_>>());
        // The one that was appended last may have been stored where the lost ones have been.
        let ids: Vec<_> = events.iter().map(|event| event.parcel.message_id()).collect();
        assert!(ids[90] == "m-90" || ids[90] == "m-100", "{ids:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_lost_is_noticed_behind_what_others_have_appended_since() {
    for program in [Program::New, Program::Old] {
        let Some((mut server, writer, reader)) = before(program).await else { return };
        let small = JetStreamStore::builder(server.url("orders")).recent_events(0);
        let small = small.open().await.unwrap();
        let mut cursors = Vec::new();
        for store in [&reader, &small] {
            let stream = store.stream(EventTypes::any());
            cursors.push(stream.open(100, EventTypes::any()).await.unwrap());
        }
        lose(&mut server);
        let other = JetStreamStore::open(server.url("orders")).await.unwrap();
        append(&other, 1_000..1_020).await;
        // The event at 100 is there, and so are others where those that were lost have been.
        for mut cursor in cursors {
            is_lost(&problem(timeout(LONG, cursor.next()).await.unwrap()));
        }
        is_lost(&problem(writer.append(parcels(100..101), Expect::Any).await));
        assert_eq!(other.next_offset().await.unwrap(), 110);
    }
}
