use std::error::Error as _;

use eventstream_core::{Error, EventStore, EventTypes, Expect};
use eventstream_network::{
    Access, Action, Authorizer, Denied, Limits, NetworkClient, NetworkError, NetworkServer,
};
use eventstream_persisted::EmbeddedStore;
use tokio::sync::mpsc;

use crate::support::{Running, application, parcel, parcels, proxy::Proxy};

/// Lets everybody do everything, and says when an append has come.
struct Seen(mpsc::UnboundedSender<()>);

impl Authorizer for Seen {
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
        if access.action() == Action::Append {
            self.0.send(()).unwrap();
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_may_be_there_and_can_be_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(&path).create_for(application()).open().await.unwrap();
    let (seen, mut has_come) = mpsc::unbounded_channel();
    let builder = NetworkServer::builder()
        .host_with_store(store.stream(EventTypes::any()), store.clone())
        .authorizer(Seen(seen));
    let server = Running::start(builder).await;
    let proxy = Proxy::to(server.address()).await;
    let client = NetworkClient::connect(&proxy.endpoint).await.unwrap();
    for (remote, ids) in
        [(client.store(application()), 0..2), (client.store(application()).streaming(), 2..4)]
    {
        // Another process's turn: no append ends.
        let lock = std::fs::File::options().write(true).open(path.join("lock")).unwrap();
        lock.lock().unwrap();
        let appending = {
            let (remote, parcels) = (remote.clone(), parcels(ids.clone(), "a"));
            tokio::spawn(async move { remote.append(parcels, Expect::Any).await })
        };
        has_come.recv().await.unwrap();
        proxy.cut();
        let error = appending.await.unwrap().unwrap_err();
        let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
        let unknown = matches!(source, Some(NetworkError::OutcomeUnknown(_)));
        assert!(error.is_retryable() && unknown, "{error:?}");
        drop(lock);
        assert_eq!(remote.append(parcels(ids.clone(), "a"), Expect::Any).await.unwrap(), ids);
        has_come.recv().await.unwrap();
    }
}

#[tokio::test]
async fn many_appends_over_one_stream_each_have_their_answer() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(&path).create_for(application()).open().await.unwrap();
    let builder =
        NetworkServer::builder().host_with_store(store.stream(EventTypes::any()), store.clone());
    let server = Running::start(builder).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.store(application()).streaming();
    let appending: Vec<_> = (0..500)
        .map(|id| {
            let remote = remote.clone();
            tokio::spawn(async move {
                let expect = if id % 5 == 4 { Expect::Offset(u64::MAX) } else { Expect::Any };
                (id, remote.append(vec![parcel(id, "a")], expect).await)
            })
        })
        .collect();
    for append in appending {
        let (id, appended) = append.await.unwrap();
        match appended {
            Ok(range) => {
                assert_ne!(id % 5, 4);
                // Its own offset, and not somebody else's.
                let again = store.append(vec![parcel(id, "a")], Expect::Any).await.unwrap();
                assert_eq!(again, range);
            }
            Err(Error::OffsetConflict { expected: u64::MAX, .. }) => assert_eq!(id % 5, 4),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn an_append_that_is_too_large_fails_no_other_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(&path).create_for(application()).open().await.unwrap();
    let builder = NetworkServer::builder()
        .host_with_store(store.stream(EventTypes::any()), store.clone())
        .limits(Limits::default().append_bytes(10_000));
    let server = Running::start(builder).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.store(application()).streaming();
    let (large, first, second) = tokio::join!(
        remote.append(parcels(0..1_000, "a"), Expect::Any),
        remote.append(parcels(2_000..2_001, "a"), Expect::Any),
        remote.append(parcels(2_001..2_002, "a"), Expect::Any),
    );
    let error = large.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    assert!(matches!(source, Some(NetworkError::Refused { code: 8, .. })), "{error:?}");
    for (appended, id) in [(first, 2_000), (second, 2_001)] {
        if let Err(error) = appended {
            assert!(error.is_retryable(), "{error:?}");
            remote.append(vec![parcel(id, "a")], Expect::Any).await.unwrap();
        }
    }
}
