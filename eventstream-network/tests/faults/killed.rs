use eventstream_core::{Cursor, EventStore, EventStream, Expect};
use eventstream_network::{NetworkStore, Protocol};
use tokio::task::JoinSet;

use crate::{
    appends::assert_unknown_or_not_sent,
    chance::{Chance, rounds},
    consumer::consume,
    history::{EVENTS, parcels_at, store_with},
    process::{Process, is_served},
    reading::Reading,
    remote::{PROTOCOLS, client, remote, soon},
    support::{application, proxy::Proxy},
};

/// So many events are there before anybody reads; the others are appended meanwhile.
const HISTORY: u64 = EVENTS * 7 / 10;

/// Of each append.
const BATCH: u64 = 100;

/// Appends from the history's end on, each event until it is acknowledged; returns how often that was
/// tried again.
async fn append_the_rest(stores: [NetworkStore; 2]) -> u64 {
    let mut retries = 0;
    for (start, store) in (HISTORY..EVENTS).step_by(100).zip(stores.iter().cycle()) {
        let offsets = start..start + BATCH;
        loop {
            let parcels = parcels_at(offsets.clone());
            match store.append(parcels, Expect::Any).await {
                Ok(range) => break assert_eq!(range, offsets),
                Err(error) => assert_unknown_or_not_sent(&error),
            }
            retries += 1;
            tokio::time::sleep(soon(1)).await;
        }
    }
    retries
}

async fn read_all<C: Cursor>(readers: Vec<(Reading, C)>, end: u64) -> Vec<(Reading, C)> {
    let mut tasks = JoinSet::new();
    for (mut reading, mut cursor) in readers {
        tasks.spawn(async move {
            reading.read(&mut cursor, end).await.unwrap();
            (reading, cursor)
        });
    }
    tasks.join_all().await
}

/// As often as `EVENTSTREAM_KILLS` says, while its events are read and others are appended.
#[tokio::test]
async fn a_server_that_is_killed_and_started_again_loses_nothing() {
    if is_served().await {
        return;
    }
    let kills = rounds("EVENTSTREAM_KILLS", 8);
    let mut chance = Chance::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    store_with(&path, HISTORY).await;
    let mut process = Process::start(&path);
    let proxy = Proxy::to(&process.address).await;

    let mut readers = Vec::new();
    for protocol in PROTOCOLS {
        let remote = remote(&proxy.endpoint, protocol).await.resume(soon);
        // Ours reads everything, the others one type of a hundred.
        let all = protocol == Protocol::Ours;
        let reading = if all { Reading::all() } else { Reading::one_type() };
        let cursor = remote.open(0, reading.types()).await.unwrap();
        readers.push((reading, cursor));
    }
    let store = client(&proxy.endpoint).await.unwrap().store(application());
    let (consuming, watched) = consume(remote(&proxy.endpoint, Protocol::Ours).await, EVENTS);
    let appending = tokio::spawn(append_the_rest([store.clone(), store.streaming()]));

    let mut moments: Vec<_> = (0..kills).map(|_| chance.u64(1..EVENTS)).collect();
    moments.sort_unstable();
    for moment in moments {
        readers = read_all(readers, moment).await;
        process.kill();
        process = Process::start(&path);
        proxy.retarget(&process.address);
    }
    read_all(readers, EVENTS).await;
    let retries = appending.await.unwrap();
    consuming.await.unwrap();
    assert_eq!(*watched.borrow(), EVENTS);
    println!("{kills} kills, {retries} appends tried again");
}
