use std::error::Error as _;

use eventstream_core::{Cursor, EventStream};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkError, NetworkServer};

use crate::{
    chance::Chance,
    history::{EVENTS, TYPES, all_types, parcels_at, store_with},
    process::{Process, is_served},
    reading::{Reading, assert_lost},
    remote::{PROTOCOLS, events_by, remote, soon},
    support::{Running, application, proxy::Proxy},
};

/// Less than what has to be left on the server when it comes to its end.
const READ: u64 = 2_000;

#[tokio::test]
async fn a_server_that_is_drained_and_started_again_loses_nothing() {
    if is_served().await {
        return;
    }
    let mut chance = Chance::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    store_with(&path, EVENTS).await;
    let mut process = Process::start(&path);
    let proxy = Proxy::to(&process.address).await;
    for protocol in PROTOCOLS {
        let remote = remote(&proxy.endpoint, protocol).await;
        let (mut reading, mut others) = (Reading::all(), Reading::all());
        let resuming = remote.clone().resume(soon);
        let mut cursor = resuming.open(0, reading.types()).await.unwrap();
        let mut plain = remote.open(0, others.types()).await.unwrap();
        reading.read(&mut cursor, chance.u64(1..READ)).await.unwrap();
        others.read(&mut plain, chance.u64(1..READ)).await.unwrap();

        process.drain();
        let error = others.read(&mut plain, EVENTS).await.unwrap_err();
        assert_lost(&error);
        let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
        assert!(matches!(source, Some(NetworkError::Refused { code: 14, .. })), "{error:?}");
        let end = events_by(protocol);
        let next = Process::start(&path);
        proxy.retarget(&next.address);
        let ended = std::mem::replace(&mut process, next);
        reading.read(&mut cursor, end).await.unwrap();
        others.read_by_many(&remote, end).await;
        tokio::task::spawn_blocking(|| ended.ended()).await.unwrap();
    }
}

/// By the protocols A and B it is the only time that a position is said.
#[tokio::test]
async fn a_server_that_is_drained_says_how_far_it_has_looked() {
    for protocol in PROTOCOLS {
        let stream = MemoryStream::builder(application()).event_types(all_types()).build();
        stream.append(parcels_at(0..TYPES)).unwrap();
        let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
        let mut reading = Reading::one_type();
        let remote = remote(&server.endpoint, protocol).await;
        let mut cursor = remote.open(0, reading.types()).await.unwrap();
        // One event, and then nothing that matches.
        reading.read(&mut cursor, TYPES).await.unwrap();
        server.shutdown.cancel();
        assert_lost(&cursor.next().await.unwrap_err());
        assert_eq!(cursor.position(), TYPES, "{protocol}");
    }
}
