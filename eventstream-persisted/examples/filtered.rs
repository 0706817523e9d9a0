//! Progress without events: a consumer whose events are rare, or never come, does not look through
//! the same history again when it is started again.
//!
//! ```console
//! $ cargo run -p eventstream-persisted --features sqlite --example filtered
//! ```

mod common;

use eventstream_core::{BoxError, Consumer, Event, EventTypes, Handler, HandlerError};
use eventstream_persisted::{SqliteProjection, SqliteTx};
use tokio_util::sync::CancellationToken;

async fn offset(projection: &mut impl Handler) -> Result<u64, BoxError> {
    // What a handler fails with is no error of its own: it has one, or stands for a conflict.
    projection.next_offset(&common::shop()).await.map_err(|error| error.to_string().into())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("db");
    let store = common::store(directory.path(), 10_000).await?;
    let apply = |_: SqliteTx, _: Event| async { Ok::<(), HandlerError>(()) };

    for start in ["first", "second"] {
        let mut projection = SqliteProjection::builder(&database, "refunds", apply).open().await?;
        let before = offset(&mut projection).await?;
        let stream = store.stream(EventTypes::any());
        // No such event was ever recorded.
        let consumer = Consumer::new(stream, "order.refunded".into(), &mut projection);
        let (handle, stop) = (consumer.handle(), CancellationToken::new());
        let run = consumer.run(stop.clone());
        let watch = async {
            // The event at offset 9,999 is filtered out.
            let passed = handle.wait_for(9_999).await;
            stop.cancel();
            passed
        };
        let (ended, passed) = tokio::join!(run, watch);
        ended?;
        passed?;
        let after = offset(&mut projection).await?;
        println!("the {start} start looked through offsets {before} to {after}");
        assert_eq!(after, 10_000);
    }
    Ok(())
}
