//! Handlers as functions of messages: a router with state, which a consumer feeds from a stream.
//!
//! ```console
//! $ cargo run -p eventstream-core --example router
//! ```

use std::sync::{Arc, Mutex};

use eventstream_core::{
    Apply, BoxError, Consumer, Context, Event, Finish, Handler, HandlerError, Identity, Marshaler,
    Message, Packer, Router, State,
};
use eventstream_memory::MemoryStream;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

#[derive(Serialize, Deserialize)]
struct OrderPaid {
    amount: u64,
}

impl Message for OrderPaid {
    const TYPE: &'static str = "order.paid";
}

#[derive(Serialize, Deserialize)]
struct OrderRefunded {
    amount: u64,
    reason: String,
}

impl Message for OrderRefunded {
    const TYPE: &'static str = "order.refunded";
}

#[derive(Serialize, Deserialize)]
struct DayClosed;

impl Message for DayClosed {
    const TYPE: &'static str = "day.closed";
}

/// What is in the till. As the context of an event it stands for an open transaction: what is changed
/// is there if the event was handled, and only then.
type Till = Arc<Mutex<i64>>;

async fn paid(paid: OrderPaid, Context(till): Context<Till>) -> Result<(), BoxError> {
    *till.lock().expect("nobody panics") += i64::try_from(paid.amount)?;
    Ok(())
}

async fn refunded(
    refunded: OrderRefunded,
    event: Event,
    Context(till): Context<Till>,
) -> Result<(), BoxError> {
    println!("refund at offset {}: {}", event.offset, refunded.reason);
    *till.lock().expect("nobody panics") -= i64::try_from(refunded.amount)?;
    Ok(())
}

async fn closed(_: DayClosed, State(done): State<CancellationToken>) -> Result<(), HandlerError> {
    done.cancel();
    Ok(())
}

/// Keeps the offset together with what is in the till. A real one has both in a database.
struct Projection<A> {
    apply: A,
    till: i64,
    next: u64,
}

impl<A: Apply<Till>> Handler for Projection<A> {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(self.next)
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        if offset != self.next {
            return Err(HandlerError::Conflict);
        }
        let next = event.offset + 1;
        let open = Till::new(Mutex::new(self.till));
        self.apply.apply(open.clone(), event).await?;
        // The commit.
        self.till = *open.lock().expect("nobody panics");
        self.next = next;
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    let stream = MemoryStream::new(shop.clone());
    let packer = Packer::new(shop, Marshaler::json());
    let first = packer.pack(&OrderPaid { amount: 30 })?;
    let refund = OrderRefunded { amount: 12, reason: "broken cup".to_owned() };
    let refund = packer.pack_child(&first, &refund)?;
    let second = packer.pack(&OrderPaid { amount: 40 })?;
    stream.append(vec![first, refund, second, packer.pack(&DayClosed)?])?;

    let done = CancellationToken::new();
    let router =
        Router::new(Marshaler::json()).state(done.clone()).on(paid).on(refunded).on(closed);
    // What the consumer asks for are the types that have a function.
    let types = router.event_types();
    println!("handling {types}");
    assert_eq!(types.to_string(), "day.closed, order.paid, order.refunded");

    let mut projection = Projection { apply: router, till: 0, next: 0 };
    let finish = Consumer::new(stream, types, &mut projection).run(done).await?;
    println!("{} is in the till after {} events", projection.till, projection.next);
    assert_eq!(finish, Finish::Cancelled);
    assert_eq!((projection.till, projection.next), (58, 4));
    Ok(())
}
