use eventstream_core::{Cursor, Error, EventStream};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, Protocol};

use crate::{
    history::{all_types, parcels_at},
    reading::{Reading, assert_lost},
    remote::{PROTOCOLS, remote, soon},
    support::{Running, application, proxy::Proxy},
};

#[tokio::test]
async fn what_was_truncated_while_nobody_was_connected_is_said() {
    for protocol in PROTOCOLS {
        let stream = MemoryStream::builder(application()).event_types(all_types()).build();
        stream.append(parcels_at(0..3)).unwrap();
        let server = Running::start(NetworkServer::builder().host(stream.clone())).await;
        let proxy = Proxy::to(server.address()).await;
        let remote = remote(&proxy.endpoint, protocol).await;
        let (mut reading, mut other) = (Reading::all(), Reading::all());
        let resuming = remote.clone().resume(soon);
        let mut cursor = resuming.open(0, reading.types()).await.unwrap();
        let mut plain = remote.open(0, other.types()).await.unwrap();
        reading.read(&mut cursor, 3).await.unwrap();
        other.read(&mut plain, 3).await.unwrap();

        // Held, so that nothing of it comes to those who are cut off.
        proxy.hold();
        proxy.cut();
        stream.append(parcels_at(3..9)).unwrap();
        stream.truncate(5).unwrap();
        proxy.heal();
        // By A and B it may not be known where the stream begins now.
        let is_said = |error: &Error| match *error {
            Error::Truncated { requested: 3, oldest } => {
                oldest == 5 || protocol != Protocol::Ours && (4..5).contains(&oldest)
            }
            _ => false,
        };
        for _ in 0..2 {
            let error = cursor.next().await.unwrap_err();
            assert!(is_said(&error), "{protocol}: {error:?}");
            assert_eq!(cursor.position(), 3);
        }
        assert_lost(&plain.next().await.unwrap_err());
        let error = match remote.open(plain.position(), other.types()).await {
            Ok(mut cursor) => cursor.next().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(is_said(&error), "{protocol}: {error:?}");
    }
}
