//! A router with a consumer over a stream.

use eventstream_core::{
    Apply, Consumer, Context, Event, Finish, Handler, HandlerError, Identity, Packer, Router, State,
};
use eventstream_memory::MemoryStream;
use tokio_util::sync::CancellationToken;

use super::Notes;
use crate::support::{Paid, parcel, shop, text_marshaler};

/// Keeps the offset, and lends the router a list: what is noted there counts if the event was
/// handled.
struct Projection {
    router: Router<Notes, CancellationToken>,
    kept: Vec<String>,
    next: u64,
}

impl Handler for Projection {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(self.next)
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        if offset != self.next {
            return Err(HandlerError::Conflict);
        }
        let next = event.offset + 1;
        let transaction = Notes::default();
        self.router.apply(transaction.clone(), event).await?;
        self.kept.extend(transaction.take());
        self.next = next;
        Ok(())
    }
}

async fn note(
    Paid(amount): Paid,
    event: Event,
    Context(notes): Context<Notes>,
    State(done): State<CancellationToken>,
) -> Result<(), HandlerError> {
    notes.add(format!("{amount} at {}", event.offset));
    if amount == 3 {
        done.cancel();
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn it_gets_the_events_of_its_types() {
    let stream = MemoryStream::new(shop());
    let packer = Packer::new(shop(), text_marshaler());
    for amount in 1..=3 {
        stream.append(vec![parcel("order.lost", "text/plain", "?")]).unwrap();
        stream.append_one(packer.pack(&Paid(amount)).unwrap()).unwrap();
    }

    let done = CancellationToken::new();
    let router = Router::new(text_marshaler()).state(done.clone()).on(note);
    let types = router.event_types();
    let mut projection = Projection { router, kept: Vec::new(), next: 0 };
    let finish = Consumer::new(stream, types, &mut projection).run(done).await.unwrap();
    assert_eq!(finish, Finish::Cancelled);
    assert_eq!(projection.kept, ["1 at 1", "2 at 3", "3 at 5"]);
    assert_eq!(projection.next, 6);
}
