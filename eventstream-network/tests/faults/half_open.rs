use std::time::Duration;

use eventstream_core::{Cursor, EventStream};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkClient, NetworkServer};
use tokio::time::timeout;

use crate::{
    chance::Chance,
    history::{all_types, parcels_at, serve_history},
    reading::{Reading, assert_lost},
    remote::{GENEROUS, HEARTBEAT, NOTICED, PROTOCOLS, events_by, remote, soon},
    support::{Running, application, proxy::Proxy},
};

/// By our own protocol the heartbeats are missed, by the others the keep-alive's answers.
#[tokio::test]
async fn a_server_that_has_vanished_is_noticed_and_the_stream_read_on_over_another_connection() {
    let mut chance = Chance::new();
    let server = serve_history().await;
    for protocol in PROTOCOLS {
        let proxy = Proxy::to(server.address()).await;
        let remote = remote(&proxy.endpoint, protocol).await.resume(soon);
        let mut reading = Reading::all();
        let mut cursor = remote.open(0, reading.types()).await.unwrap();
        for _ in 0..2 {
            let until = reading.next + chance.u64(1..events_by(protocol) / 4);
            reading.read(&mut cursor, until).await.unwrap();
            proxy.swallow();
            // What is on its way can be more than what is waited for: it ends when nothing comes.
            let waited = async {
                let mut taken = proxy.taken();
                let before = *taken.borrow_and_update();
                while *taken.borrow() == before {
                    let until = reading.next + 1;
                    tokio::select! {
                        read = reading.read(&mut cursor, until) => read.unwrap(),
                        taken = taken.changed() => taken.unwrap(),
                    }
                }
            };
            timeout(NOTICED, waited).await.expect("it was not noticed");
            proxy.heal();
            proxy.cut();
        }
        let rest = reading.read(&mut cursor, events_by(protocol));
        timeout(GENEROUS, rest).await.unwrap().unwrap();
    }
}

/// A subscription that is quiet after the server has gone, and looks healthy, is the fault that most
/// others have.
#[tokio::test]
async fn a_quiet_stream_whose_server_has_vanished_does_not_look_healthy() {
    for protocol in PROTOCOLS {
        let stream = MemoryStream::builder(application()).event_types(all_types()).build();
        stream.append(parcels_at(0..3)).unwrap();
        let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
        let proxy = Proxy::to(server.address()).await;
        let remote = remote(&proxy.endpoint, protocol).await;
        let mut reading = Reading::all();
        let mut cursor = remote.open(0, reading.types()).await.unwrap();
        reading.read(&mut cursor, 3).await.unwrap();
        proxy.swallow();
        let error = timeout(NOTICED, cursor.next()).await.expect("it was not noticed");
        assert_lost(&error.unwrap_err());
        assert_eq!(cursor.position(), 3);
        // The connection that has vanished is not taken again.
        proxy.heal();
        stream.append(parcels_at(3..4)).unwrap();
        timeout(GENEROUS, reading.read_by_many(&remote, 4)).await.unwrap();
    }
}

/// With heartbeats alone, where nobody looks after the connection.
#[tokio::test]
async fn a_connection_on_which_heartbeats_are_missed_is_given_up() {
    let stream = MemoryStream::builder(application()).event_types(all_types()).build();
    stream.append(parcels_at(0..3)).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
    let proxy = Proxy::to(server.address()).await;
    let hour = Duration::from_secs(3_600);
    let client = NetworkClient::connect(&proxy.endpoint).keep_alive(hour, hour).call_timeout(hour);
    let remote = client.await.unwrap().stream(application()).heartbeat(HEARTBEAT);
    let (mut reading, mut other) = (Reading::all(), Reading::all());
    let mut plain = remote.open(0, other.types()).await.unwrap();
    let mut cursor = remote.clone().resume(soon).open(0, reading.types()).await.unwrap();
    reading.read(&mut cursor, 3).await.unwrap();
    other.read(&mut plain, 3).await.unwrap();
    proxy.swallow();
    assert_lost(&timeout(NOTICED, plain.next()).await.unwrap().unwrap_err());
    proxy.heal();
    stream.append(parcels_at(3..4)).unwrap();
    timeout(GENEROUS, reading.read(&mut cursor, 4)).await.unwrap().unwrap();
    timeout(GENEROUS, other.read_by_many(&remote, 4)).await.unwrap();
}
