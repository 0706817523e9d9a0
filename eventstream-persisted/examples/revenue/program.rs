use eventstream_core::{
    Consumer, Envelope, Event, EventStore, EventTypes, Expect, Handler, HandlerError, Identity,
    Parcel,
};
use eventstream_persisted::EmbeddedStore;
use tokio_util::sync::CancellationToken;

/// Adds up what was paid. A real one keeps `total` and `next` in one transaction.
struct Revenue {
    total: u64,
    next: u64,
    done: CancellationToken,
}

impl Handler for Revenue {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(self.next)
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        if offset != self.next {
            return Err(HandlerError::Conflict);
        }
        let amount: u64 = std::str::from_utf8(&event.parcel.data())?.parse()?;
        self.total += amount;
        self.next = event.offset + 1;
        if self.total >= 70 {
            self.done.cancel();
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    let store = EmbeddedStore::builder("./shop-events").create_for(shop.clone()).open().await?;

    let mut parcels = Vec::new();
    for (id, amount) in [("m-1", "30"), ("m-2", "40")] {
        let paid = Envelope::new(id, shop.clone(), "order.paid", "text/plain");
        parcels.push(Parcel::seal(Envelope { data: amount.into(), ..paid })?);
    }
    let offsets = store.append(parcels, Expect::Any).await?;
    assert_eq!(offsets, 0..2);

    let done = CancellationToken::new();
    let mut revenue = Revenue { total: 0, next: 0, done: done.clone() };
    let stream = store.stream(EventTypes::any());
    Consumer::new(stream, "order.paid".into(), &mut revenue).run(done).await?;
    println!("{} was paid", revenue.total);
    Ok(())
}
