//! Futures that are dropped while their transaction is open.

use std::sync::Arc;

use eventstream_core::{Event, Handler};
use eventstream_persisted::SqliteTx;
use tokio::sync::Semaphore;

use crate::support::*;

/// A projection that says when it is in a transaction, and then waits to be let out of it.
struct Gate {
    entered: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

impl Gate {
    fn new() -> Self {
        Self { entered: Arc::new(Semaphore::new(0)), leave: Arc::new(Semaphore::new(0)) }
    }

    /// Starts a call, and gives it up in the middle of its transaction.
    async fn give_up(&self, call: impl Future<Output = impl Sized>) {
        tokio::select! {
            biased;
            entered = self.entered.acquire() => entered.unwrap().forget(),
            _ = call => panic!("it has not waited"),
        }
    }
}

#[tokio::test]
async fn a_transaction_that_has_begun_is_finished() {
    let place = Place::new();
    let gate = Gate::new();
    let (entered, leave) = (gate.entered.clone(), gate.leave.clone());
    let mut projection = place
        .applying(move |tx: SqliteTx, event: Event| {
            let (entered, leave) = (entered.clone(), leave.clone());
            async move {
                record(&tx, &event)?;
                entered.add_permits(1);
                leave.acquire().await?.forget();
                if event.offset == 1 { Err("no".into()) } else { Ok(()) }
            }
        })
        .await;

    gate.give_up(projection.handle_event(0, event(0))).await;
    gate.leave.add_permits(1);
    // The next call waits for it, and sees what it has done.
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 1);
    assert_eq!(place.check_effects(), 1);

    // One that fails leaves nothing, and nothing is left open.
    gate.give_up(projection.handle_batch(1, events(1..3))).await;
    gate.leave.add_permits(1);
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 1);
    assert_eq!(place.check_effects(), 1);
    place.sql().execute_batch("BEGIN EXCLUSIVE; ROLLBACK").unwrap();

    gate.leave.add_permits(1);
    projection.handle_event(1, event(2)).await.unwrap();
    assert_eq!(place.offsets(), [0, 2]);
}

#[tokio::test]
async fn a_projection_that_is_dropped_finishes_its_transaction() {
    let place = Place::new();
    let gate = Gate::new();
    let (entered, leave) = (gate.entered.clone(), gate.leave.clone());
    let mut projection = place
        .applying(move |tx: SqliteTx, event: Event| {
            let (entered, leave) = (entered.clone(), leave.clone());
            async move {
                record(&tx, &event)?;
                entered.add_permits(1);
                leave.acquire().await?.forget();
                Ok(())
            }
        })
        .await;
    gate.give_up(projection.handle_event(0, event(0))).await;
    drop(projection);
    gate.leave.add_permits(1);
    // Another one waits for the lock.
    let mut projection = place.recording().await;
    projection.handle_event(1, event(1)).await.unwrap();
    assert_eq!(place.check_effects(), 2);
}

/// What is in a transaction is finished, and what has not begun is not done.
#[test]
fn a_runtime_that_shuts_down_leaves_no_transaction_open() {
    let place = Place::new();
    let new = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.max_blocking_threads(1).enable_all().build().unwrap()
    };
    let (runtime, other) = (new(), new());
    let gate = Gate::new();
    let (entered, leave) = (gate.entered.clone(), gate.leave.clone());
    let mut projection = runtime.block_on(place.applying(move |tx: SqliteTx, event: Event| {
        let (entered, leave) = (entered.clone(), leave.clone());
        async move {
            record(&tx, &event)?;
            entered.add_permits(1);
            leave.acquire().await?.forget();
            Ok(())
        }
    }));
    runtime.block_on(gate.give_up(projection.handle_event(0, event(0))));
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let said = retry(handle.block_on(projection.handle_event(1, event(1))));
    contains(&said, &["the runtime is shutting down"]);
    gate.leave.add_permits(1);
    // On a runtime that is there, it goes on.
    assert_eq!(other.block_on(projection.next_offset(&application())).unwrap(), 1);
    gate.leave.add_permits(1);
    other.block_on(projection.handle_event(1, event(1))).unwrap();
    assert_eq!(place.check_effects(), 2);
}
