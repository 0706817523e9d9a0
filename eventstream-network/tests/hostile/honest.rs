//! Somebody who means well, and has to be served whatever others do.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect};
use eventstream_network::NetworkClientBuilder;
use tokio::time::timeout;

use crate::support::{application, parcel};

static NEXT: AtomicU64 = AtomicU64::new(1_000_000);

/// Connects, appends an event, reads it, and asks something.
pub(crate) async fn is_served(client: &NetworkClientBuilder, name: &str) {
    let asking = async {
        let client = client.clone().await.unwrap();
        let appended = parcel(NEXT.fetch_add(1, Relaxed), "a");
        let store = client.store(application()).streaming();
        let offset = store.append(vec![appended.clone()], Expect::Any).await.unwrap().start;
        let mut cursor =
            client.stream(application()).open(offset, EventTypes::any()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().parcel, appended);
        assert_eq!(client.applications().await.unwrap().len(), 3);
    };
    let served = timeout(Duration::from_secs(60), asking).await;
    assert!(served.is_ok(), "{name}: an honest client is not served");
}
