//! A projection into SQLite: effect and offset are in one transaction, so each event has its effect
//! exactly once, whatever happens.
//!
//! ```console
//! $ cargo run -p eventstream-persisted --features sqlite --example projection
//! ```

mod common;

use common::OrderPlaced;
use eventstream_core::{
    BoxError, Consumer, Context, Event, EventStore, EventTypes, Expect, HandlerError, Marshaler,
    Message, Router,
};
use eventstream_persisted::{SqliteProjection, SqliteTx, rusqlite};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Serialize, Deserialize)]
struct OrderSent {
    order: i64,
}

impl Message for OrderSent {
    const TYPE: &'static str = "order.sent";
}

/// What is done with a message, in the open transaction.
async fn placed(
    placed: OrderPlaced,
    event: Event,
    Context(tx): Context<SqliteTx>,
) -> Result<(), HandlerError> {
    tx.execute(
        "INSERT INTO orders (id, amount, placed_at) VALUES (?1, ?2, ?3)",
        (placed.order, placed.amount, event.parcel.created_at_text()),
    )?;
    Ok(())
}

async fn sent(sent: OrderSent, Context(tx): Context<SqliteTx>) -> Result<(), HandlerError> {
    tx.execute("UPDATE orders SET sent = 1 WHERE id = ?1", [sent.order])?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("orders.db");
    let store = common::store(directory.path(), 1_000).await?;

    // As if the program was stopped, and started again later.
    for _ in 0..2 {
        let router = Router::new(Marshaler::json()).on(placed).on(sent);
        let event_types = router.event_types();
        let projection = SqliteProjection::builder(&database, "orders", router)
            .setup(|sql| {
                sql.execute_batch(
                    "CREATE TABLE IF NOT EXISTS orders (
                        id INTEGER PRIMARY KEY, amount INTEGER, placed_at TEXT, sent INTEGER
                    )",
                )
            })
            .open()
            .await?;
        let consumer =
            Consumer::new(store.stream(EventTypes::any()), event_types, projection).batch(200);
        let (handle, stop) = (consumer.handle(), CancellationToken::new());
        let running = tokio::spawn(consumer.run(stop.clone()));

        let offsets = store
            .append(vec![common::packer().pack(&OrderSent { order: 7 })?], Expect::Any)
            .await?;
        handle.wait_for(offsets.start).await?;
        stop.cancel();
        running.await??;

        let sql = rusqlite::Connection::open(&database)?;
        let (orders, sum, sent): (i64, i64, i64) =
            sql.query_row("SELECT count(*), sum(amount), sum(sent) FROM orders", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        println!("{orders} orders of {sum}, {sent} of them sent, up to offset {}", offsets.end);
        assert_eq!((orders, sum, sent), (1_000, 10_000, 1));
    }
    Ok(())
}
