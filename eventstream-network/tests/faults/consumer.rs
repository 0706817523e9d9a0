use eventstream_core::{
    Checkpointed, Consumer, Event, EventStore, EventTypes, Expect, Finish, HandlerError,
    MemoryCheckpoints,
};
use eventstream_network::{NetworkServer, NetworkStream, Protocol};
use eventstream_persisted::EmbeddedStore;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    chance::Chance,
    history::serve_history,
    reading::Reading,
    remote::{GENEROUS, PROTOCOLS, events_by, remote, soon},
    support::{
        Running, application, parcels,
        proxy::{Line, Lines, Proxy},
    },
};

/// Has a consumer handle everything up to `end`, each event once; it opens its cursors anew by itself.
/// What is watched is how far it has come.
pub(crate) fn consume(remote: NetworkStream, end: u64) -> (JoinHandle<()>, watch::Receiver<u64>) {
    let done = CancellationToken::new();
    let mut reading = Reading::all();
    let types = reading.types();
    let (progress, watched) = watch::channel(0);
    let apply = {
        let done = done.clone();
        move |(), event: Event| {
            reading.take(&event);
            progress.send_replace(reading.next);
            if reading.is_at(end) {
                done.cancel();
            }
            async { Ok::<(), HandlerError>(()) }
        }
    };
    let handler = Checkpointed::new(apply, MemoryCheckpoints::new());
    let consumer = Consumer::new(remote, types, handler).backoff(soon).batch(100);
    let running = tokio::spawn(async move {
        let finish = timeout(GENEROUS, consumer.run(done)).await.expect("it does not go on");
        assert!(matches!(finish, Ok(Finish::Cancelled)), "{finish:?}");
    });
    (running, watched)
}

#[tokio::test]
async fn a_consumer_handles_each_event_once_over_a_network_that_fails() {
    let mut chance = Chance::new();
    let server = serve_history().await;
    for protocol in PROTOCOLS {
        let proxy = Proxy::with(server.address(), Lines::default(), chance.u64(..)).await;
        let remote = remote(&proxy.endpoint, protocol).await;
        // Connections are lost at random, and once the server vanishes.
        let responses = Line { torn_after: Some(0..400 << 10), ..Line::default() };
        proxy.set_lines(Lines { responses, ..Lines::default() });
        proxy.cut();
        let end = events_by(protocol);
        let (running, mut watched) = consume(remote, end);
        let moment = chance.u64(1..end / 2);
        watched.wait_for(|next| *next >= moment).await.unwrap();
        let taken = *proxy.taken().borrow();
        proxy.swallow();
        // It has noticed when it tries another connection.
        proxy.taken().wait_for(|now| *now > taken).await.unwrap();
        proxy.heal();
        proxy.cut();
        running.await.unwrap();
        assert!(*watched.borrow() >= end);
    }
}

#[tokio::test]
async fn a_consumer_handles_nothing_of_a_store_that_has_taken_the_place_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let mut servers = Vec::new();
    for (name, events) in [("own", 3), ("other", 9)] {
        let builder = EmbeddedStore::builder(directory.path().join(name));
        let store = builder.create_for(application()).open().await.unwrap();
        store.append(parcels(0..events, name), Expect::Any).await.unwrap();
        let builder = NetworkServer::builder().host(store.stream(EventTypes::any()));
        servers.push(Running::start(builder).await);
    }
    let proxy = Proxy::to(servers[0].address()).await;
    let remote = remote(&proxy.endpoint, Protocol::Ours).await;
    let (count, mut watched) = watch::channel(0_u64);
    let apply = move |(), event: Event| {
        assert_eq!(event.parcel.event_type(), "own");
        count.send_modify(|count| *count += 1);
        async { Ok::<(), HandlerError>(()) }
    };
    let handler = Checkpointed::new(apply, MemoryCheckpoints::new());
    let consumer = Consumer::new(remote, EventTypes::any(), handler).backoff(soon);
    let mut status = consumer.handle();
    let done = CancellationToken::new();
    let running = tokio::spawn(consumer.run(done.clone()));
    watched.wait_for(|count| *count == 3).await.unwrap();
    proxy.retarget(servers[1].address());
    proxy.cut();
    let refused = async {
        loop {
            let status = status.changed().await.unwrap();
            if let Some(failure) = status.last_failure
                && failure.during == "telling the handler of the stream"
            {
                return failure.error;
            }
        }
    };
    timeout(GENEROUS, refused).await.expect("nothing is said");
    done.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(*watched.borrow(), 3);
}
