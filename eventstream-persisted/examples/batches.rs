//! Batches: one transaction for many events, which may wait a while to fill up; and what happens
//! when one of the events can't be handled.
//!
//! ```console
//! $ cargo run -p eventstream-persisted --features sqlite --example batches
//! ```

mod common;

use std::{sync::Arc, sync::Mutex, time::Duration};

use eventstream_core::{
    BoxError, Consumer, Event, EventTypes, ExponentialBackoff, HandlerError, Poison,
};
use eventstream_persisted::{SqliteProjection, SqliteTx};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("orders.db");
    let store = common::store(directory.path(), 1_000).await?;

    // Fails with the event at offset 420, and notes what it was handed.
    let handed = Arc::new(Mutex::new(Vec::new()));
    let noted = handed.clone();
    let projection =
        SqliteProjection::builder(&database, "orders", move |_: SqliteTx, event: Event| {
            noted.lock().expect("nobody panics").push(event.offset);
            async move {
                if event.offset == 420 {
                    return Err(HandlerError::Reject("there is no such order".into()));
                }
                Ok(())
            }
        })
        .open()
        .await?;
    let parked = projection.parked();

    let consumer = Consumer::new(store.stream(EventTypes::any()), EventTypes::any(), projection)
        .batch(500)
        .linger(Duration::from_millis(20))
        .backoff(ExponentialBackoff::new().cap(Duration::from_millis(10)))
        .poison(Poison::park_after(3, parked));
    let (handle, stop) = (consumer.handle(), CancellationToken::new());
    let running = tokio::spawn(consumer.run(stop.clone()));
    handle.wait_for(999).await?;
    stop.cancel();
    running.await??;

    let handed = handed.lock().expect("nobody panics");
    println!("The first batch came to {} and failed as a whole.", handed[420]);
    println!("Then its events were handed on one by one, from {} on.", handed[421]);
    println!("{} was parked at once, as it was rejected; {} parked.", 420, handle.status().parked);
    assert_eq!((handed[420], handed[421]), (420, 0));
    assert_eq!(handle.status().parked, 1);
    assert_eq!(handle.status().offset, Some(1_000));
    Ok(())
}
