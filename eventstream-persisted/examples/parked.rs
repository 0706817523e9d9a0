//! An event that can't be handled is parked after three attempts; the others are handled. Later it is
//! replayed.
//!
//! ```console
//! $ cargo run -p eventstream-persisted --features sqlite --example parked
//! ```

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use common::{OrderPlaced, shop};
use eventstream_core::{
    BoxError, Consumer, Context, EventTypes, ExponentialBackoff, HandlerError, Marshaler,
    ParkedEvents, Poison, Router, State,
};
use eventstream_persisted::{SqliteProjection, SqliteTx, rusqlite};
use tokio_util::sync::CancellationToken;

/// Whether the bug is fixed.
type Fixed = Arc<AtomicBool>;

async fn placed(
    placed: OrderPlaced,
    State(fixed): State<Fixed>,
    Context(tx): Context<SqliteTx>,
) -> Result<(), HandlerError> {
    if placed.order == 3 && !fixed.load(Ordering::Relaxed) {
        return Err(HandlerError::Retry("order 3 has no customer".into()));
    }
    tx.execute("INSERT INTO orders (id) VALUES (?1)", [placed.order])?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("orders.db");
    let store = common::store(directory.path(), 10).await?;

    let fixed = Fixed::default();
    let router = Router::new(Marshaler::json()).state(fixed.clone()).on(placed);
    let projection = SqliteProjection::builder(&database, "orders", router)
        .setup(|sql| {
            sql.execute_batch("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY)")
        })
        .open()
        .await?;
    let parked = projection.parked();
    let consumer = Consumer::new(store.stream(EventTypes::any()), EventTypes::any(), projection)
        .backoff(ExponentialBackoff::new().cap(Duration::from_millis(10)))
        .heartbeat(Duration::from_millis(50))
        .poison(Poison::park_after(3, parked.clone()));
    let (mut handle, stop) = (consumer.handle(), CancellationToken::new());
    let running = tokio::spawn(consumer.run(stop.clone()));

    handle.wait_for(9).await?;
    for parked in parked.list(&shop(), 0, 10).await? {
        let (offset, attempts) = (parked.event.offset, parked.attempts);
        println!("offset {offset} is parked after {attempts} attempts: {}", parked.error);
    }
    assert_eq!(parked.count(&shop()).await?, 1);

    // `eventstream parked replay --db orders.db --consumer orders 3` does the same.
    fixed.store(true, Ordering::Relaxed);
    parked.replay(&shop(), 3).await?;
    while handle.changed().await?.parked > 0 {}
    stop.cancel();
    running.await??;

    let sql = rusqlite::Connection::open(&database)?;
    let orders: i64 = sql.query_row("SELECT count(*) FROM orders", [], |row| row.get(0))?;
    println!("replayed: {orders} orders");
    assert_eq!(orders, 10);
    Ok(())
}
