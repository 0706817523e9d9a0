//! Long runs of events that are at hand, handled without ever waiting.

use eventstream_core::{
    CloseHandle, Consumer, Cursor, Event, EventStream, EventTypes, Finish, Handler, HandlerError,
    Identity, Parcel, Result,
};
use tokio_util::sync::CancellationToken;

use crate::support::{SHOP, identity, install, parcel, soon};

/// So many events are handled if nobody gets to cancel.
const MANY: u64 = 100_000;

struct Endless(Identity, Parcel);

impl EventStream for Endless {
    type Cursor = EndlessCursor;

    fn application(&self) -> &Identity {
        &self.0
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(EventTypes::any())
    }

    async fn open(&self, offset: u64, _types: EventTypes) -> Result<EndlessCursor> {
        Ok(EndlessCursor(offset, self.1.clone(), CloseHandle::new()))
    }
}

struct EndlessCursor(u64, Parcel, CloseHandle);

impl Cursor for EndlessCursor {
    async fn next(&mut self) -> Result<Event> {
        assert!(self.0 < MANY, "nobody could cancel");
        self.0 += 1;
        Ok(Event::new(self.0 - 1, self.1.clone()))
    }

    fn position(&self) -> u64 {
        self.0
    }

    fn close_handle(&self) -> CloseHandle {
        self.2.clone()
    }
}

/// Counts events and conflicts, and cancels by itself when it comes to an offset.
struct Count {
    handled: u64,
    conflicts: u64,
    always_conflict: bool,
    cancel_at: Option<(u64, CancellationToken)>,
}

impl Count {
    fn new() -> Self {
        Self { handled: 0, conflicts: 0, always_conflict: false, cancel_at: None }
    }
}

impl Handler for Count {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(0)
    }

    async fn handle_event(&mut self, _offset: u64, event: Event) -> Result<(), HandlerError> {
        if self.always_conflict {
            self.conflicts += 1;
            assert!(self.conflicts < MANY, "nobody could cancel");
            return Err(HandlerError::Conflict);
        }
        self.handled += 1;
        if let Some((at, token)) = &self.cancel_at
            && *at == event.offset
        {
            token.cancel();
        }
        Ok(())
    }
}

fn consumer(handler: &mut Count) -> Consumer<Endless, &mut Count> {
    install();
    let stream = Endless(identity(SHOP), parcel(SHOP, 1, "a"));
    Consumer::new(stream, EventTypes::any(), handler)
}

/// Runs it, while somebody else cancels as soon as there is a turn.
async fn cancelled_by_another(consumer: Consumer<Endless, &mut Count>) {
    let token = CancellationToken::new();
    let run = consumer.run(token.clone());
    let (finish, ()) = soon(async { tokio::join!(run, async { token.cancel() }) }).await;
    assert_eq!(finish.expect("it ends well"), Finish::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_seen_between_events() {
    let token = CancellationToken::new();
    let mut count = Count::new();
    count.cancel_at = Some((41, token.clone()));
    soon(consumer(&mut count).run(token)).await.unwrap();
    assert_eq!(count.handled, 42, "not one more");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_seen_between_batches() {
    let token = CancellationToken::new();
    let mut count = Count::new();
    count.cancel_at = Some((41, token.clone()));
    soon(consumer(&mut count).batch(10).run(token)).await.unwrap();
    assert_eq!(count.handled, 50, "the batch that it was in, and no other");
}

#[tokio::test(start_paused = true)]
async fn others_get_to_run_and_cancel() {
    let mut count = Count::new();
    cancelled_by_another(consumer(&mut count)).await;
    assert!((1..1_000).contains(&count.handled), "{}", count.handled);
}

#[tokio::test(start_paused = true)]
async fn others_get_to_run_and_cancel_between_batches() {
    let mut count = Count::new();
    cancelled_by_another(consumer(&mut count).batch(7)).await;
    assert!((1..1_000).contains(&count.handled), "{}", count.handled);
}

#[tokio::test(start_paused = true)]
async fn others_get_to_run_and_cancel_while_there_is_nothing_but_conflict() {
    let mut count = Count::new();
    count.always_conflict = true;
    cancelled_by_another(consumer(&mut count)).await;
    assert!((1..1_000).contains(&count.conflicts), "{}", count.conflicts);
}
