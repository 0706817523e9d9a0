use eventstream_core::{Cursor, Error, EventStream};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, Protocol};
use tokio::time::timeout;

use crate::{
    history::{all_types, parcels_at},
    reading::Reading,
    remote::{GENEROUS, remote, soon},
    support::{Running, application, proxy::Proxy},
};

async fn serve(events: u64) -> std::sync::Arc<Running> {
    let stream = MemoryStream::builder(application()).event_types(all_types()).build();
    stream.append(parcels_at(0..events)).unwrap();
    Running::start(NetworkServer::builder().host(stream)).await
}

/// A stream that can't tell which one it is, and that can't be the one it was.
#[tokio::test]
async fn a_stream_that_ends_before_what_was_read_of_it_is_not_read_on() {
    let server = serve(5).await;
    let shorter = serve(4).await;
    let proxy = Proxy::to(server.address()).await;
    let remote = remote(&proxy.endpoint, Protocol::Ours).await.resume(soon);
    let mut reading = Reading::all();
    let mut cursor = remote.open(0, reading.types()).await.unwrap();
    reading.read(&mut cursor, 5).await.unwrap();
    proxy.retarget(shorter.address());
    proxy.cut();
    let error = timeout(GENEROUS, cursor.next()).await.expect("it waits for other events");
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Backend { retryable: false, .. }), "{error:?}");
    assert_eq!(cursor.position(), 5);
}

/// It may well be that the stream is not there yet.
#[tokio::test]
async fn a_cursor_that_has_read_nothing_past_the_end_waits_there_again() {
    let server = serve(5).await;
    let proxy = Proxy::to(server.address()).await;
    let remote = remote(&proxy.endpoint, Protocol::Ours).await.resume(soon);
    let mut reading = Reading::all();
    let mut cursor = remote.open(7, reading.types()).await.unwrap();
    reading.next = 7;
    let longer = serve(9).await;
    proxy.retarget(longer.address());
    proxy.cut();
    timeout(GENEROUS, reading.read(&mut cursor, 9)).await.unwrap().unwrap();
}
