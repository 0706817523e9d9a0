//! Where a consumer begins: at the oldest event, now, at an offset, at a time. The position is taken
//! once, and stored.
//!
//! ```console
//! $ cargo run -p eventstream-persisted --features sqlite --example start_positions
//! ```

mod common;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use eventstream_core::{BoxError, Consumer, Event, EventTypes, HandlerError, StartAt};
use eventstream_persisted::{EmbeddedStore, SqliteProjection, SqliteTx};
use tokio_util::sync::CancellationToken;

/// Runs a consumer with a start position until it is at the end; returns its offset at the
/// beginning.
async fn begin(
    store: &EmbeddedStore,
    database: &Path,
    name: &str,
    at: StartAt,
) -> Result<u64, BoxError> {
    let first = Arc::new(OnceLock::new());
    let note = first.clone();
    let apply = move |_: SqliteTx, event: Event| {
        note.get_or_init(|| event.offset);
        async { Ok::<(), HandlerError>(()) }
    };
    let projection = SqliteProjection::builder(database, name, apply).open().await?;
    let consumer =
        Consumer::new(store.stream(EventTypes::any()), EventTypes::any(), projection).start(at);
    let (mut handle, stop) = (consumer.handle(), CancellationToken::new());
    let running = tokio::spawn(consumer.run(stop.clone()));
    while !handle.changed().await?.is_at_end() {}
    stop.cancel();
    running.await??;
    Ok(first.get().copied().or(handle.status().offset).unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("db");
    let store = common::store(directory.path(), 100).await?;
    let noon = SystemTime::now();
    let store = {
        drop(store);
        common::store(directory.path(), 50).await?
    };

    for (name, at, expected) in [
        ("all", StartAt::Oldest, 0),
        ("new", StartAt::Now, 150),
        ("some", StartAt::Offset(42), 42),
        ("since-noon", StartAt::Time(noon), 100),
        // It has begun: the position does not count any more.
        ("all", StartAt::Offset(7), 150),
    ] {
        let first = begin(&store, &database, name, at).await?;
        println!("{name:>10}: began at {first}");
        assert_eq!(first, expected, "{name}");
    }
    Ok(())
}
