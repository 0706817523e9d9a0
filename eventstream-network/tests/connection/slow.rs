use std::time::Duration;

use eventstream_core::{Cursor, Envelope, EventStream, EventTypes, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkClient, NetworkServer};

use crate::support::{Running, application, parcel};

/// Cursors that share a connection don't hold each other up, though one of them is never read.
#[tokio::test]
async fn who_does_not_read_holds_up_nobody_else() {
    let stream = MemoryStream::builder(application()).buffer_size(1_000).build();
    for id in 0..500 {
        let envelope = Envelope {
            data: vec![0; 16 << 10].into(),
            ..Envelope::new(format!("large-{id}"), application(), "large", "text/plain")
        };
        stream.append_one(Parcel::seal(envelope).unwrap()).unwrap();
    }
    stream.append_one(parcel(500, "small")).unwrap();
    let server = Running::start(NetworkServer::builder().host(stream)).await;
    let client = NetworkClient::connect(&server.endpoint).await.unwrap();
    let remote = client.stream(application()).prefetch(0);
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(remote.open(0, EventTypes::any()).await.unwrap());
    }
    let read = async {
        let mut cursor = remote.open(0, "small".into()).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().offset, 500);
        let mut cursor = remote.open(0, EventTypes::any()).await.unwrap();
        for offset in 0..=500 {
            assert_eq!(cursor.next().await.unwrap().offset, offset);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), read).await.unwrap();
    for cursor in &mut unread {
        assert_eq!(cursor.next().await.unwrap().offset, 0);
    }
}
