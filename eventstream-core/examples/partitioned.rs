//! Calls of a slow service: those for different customers at the same time, those for one customer
//! in the order of the events.
//!
//!     cargo run -p eventstream-core --example partitioned

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use eventstream_core::{
    Apply, Checkpoints, Consumer, Envelope, Event, EventTypes, HandlerError, Identity,
    MemoryCheckpoints, Parcel, Partitioned,
};
use eventstream_memory::MemoryStream;
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

const CUSTOMERS: usize = 4;
const ORDERS: usize = 5;

/// Books orders. Each clone can be at work at the same time as the others.
#[derive(Clone)]
struct Book {
    /// The orders of each customer, as they were booked.
    booked: Arc<Mutex<BTreeMap<String, Vec<u32>>>>,
    /// Where a call waits until there is one for each customer. No real service does that: it is
    /// here to show that they are under way at the same time.
    all_at_once: Arc<Barrier>,
    done: CancellationToken,
}

impl Apply<()> for Book {
    async fn apply(&mut self, _context: (), event: Event) -> Result<(), HandlerError> {
        self.all_at_once.wait().await;
        let customer = customer(&event).ok_or("the event names no customer")?;
        let order = std::str::from_utf8(&event.parcel.data())?.parse()?;
        let mut booked = self.booked.lock().map_err(|error| error.to_string())?;
        booked.entry(customer).or_default().push(order);
        if booked.values().map(Vec::len).sum::<usize>() == CUSTOMERS * ORDERS {
            self.done.cancel();
        }
        Ok(())
    }
}

/// The key of an event's partition.
fn customer(event: &Event) -> Option<String> {
    event.parcel.attribute("customer").map(str::to_owned)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    let stream = MemoryStream::new(shop.clone());
    for order in 0..CUSTOMERS * ORDERS {
        let mut placed =
            Envelope::new(format!("m-{order}"), shop.clone(), "order.placed", "text/plain");
        let customer = format!("customer {}", order % CUSTOMERS);
        placed.attributes.insert("customer".to_owned(), customer);
        placed.data = order.to_string().into();
        stream.append_one(Parcel::seal(placed)?)?;
    }

    let book = Book {
        booked: Arc::default(),
        all_at_once: Arc::new(Barrier::new(CUSTOMERS)),
        done: CancellationToken::new(),
    };
    // Real checkpoints outlive the process.
    let checkpoints = MemoryCheckpoints::new();
    let handler = Partitioned::new(book.clone(), checkpoints.clone()).concurrency(8).by(customer);
    let consumer = Consumer::new(stream, EventTypes::any(), handler).batch(100);
    let run = consumer.run(book.done.clone());
    tokio::time::timeout(Duration::from_secs(60), run).await??;

    let booked = book.booked.lock().map_err(|error| error.to_string())?.clone();
    for (customer, orders) in &booked {
        println!("{customer}: orders {orders:?}");
        assert!(orders.is_sorted());
        assert_eq!(orders.len(), ORDERS);
    }
    assert_eq!(booked.len(), CUSTOMERS);
    let checkpoint = checkpoints.load(&shop).await.map_err(|error| error.to_string())?;
    println!("the checkpoint is {checkpoint:?}");
    assert_eq!(checkpoint.map(|it| it.offset), Some(20));
    Ok(())
}
