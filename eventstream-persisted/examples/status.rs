//! Watching a consumer: what it is doing and how far behind it is; reading one's own writes; pausing
//! it.
//!
//! ```console
//! $ cargo run -p eventstream-persisted --features sqlite --example status
//! ```

mod common;

use common::OrderPlaced;
use eventstream_core::{
    BoxError, Consumer, ConsumerState, Event, EventStore, EventTypes, Expect, HandlerError,
};
use eventstream_persisted::{SqliteProjection, SqliteTx};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let store = common::store(directory.path(), 100).await?;
    let apply = |_: SqliteTx, _: Event| async { Ok::<(), HandlerError>(()) };
    let projection =
        SqliteProjection::builder(directory.path().join("db"), "orders", apply).open().await?;
    let consumer = Consumer::new(store.stream(EventTypes::any()), EventTypes::any(), projection);
    let (mut handle, stop) = (consumer.handle(), CancellationToken::new());
    println!("before it runs: {}", handle.status().state);
    let running = tokio::spawn(consumer.run(stop.clone()));

    // `Live`, or `Parked` if there are events that could not be handled.
    let mut status = handle.status();
    while !status.is_at_end() {
        status = handle.changed().await?;
    }
    println!("at the end: {}", status.state);
    assert_eq!(status.lag_events, Some(0));

    // Read your own writes.
    let order = common::packer().pack(&OrderPlaced { order: 100, amount: 3 })?;
    let offsets = store.append(vec![order.clone()], Expect::Any).await?;
    handle.wait_for(offsets.start).await?;
    println!("the order at offset {} is handled", offsets.start);

    handle.pause();
    while handle.status().state != ConsumerState::Paused {
        handle.changed().await?;
    }
    println!("paused at offset {}", handle.status().offset.unwrap_or_default());
    handle.resume();
    while !handle.changed().await?.is_at_end() {}

    stop.cancel();
    running.await??;
    println!("in the end: {}", handle.status().state);
    assert_eq!(handle.status().state, ConsumerState::Stopped);
    Ok(())
}
