//! What the tests run the handlers with.

mod service;
mod store;

use eventstream_core::{
    Checkpoint, Checkpointed, Checkpoints, Envelope, Event, Handler, HandlerError, Identity,
    Parcel, Partitioned,
};

pub(crate) use service::{Plan, Service};
pub(crate) use store::{Fault, Store};

/// The application whose events these are.
pub(crate) fn shop() -> Identity {
    Identity::new("shop", "0b6b8a1e")
}

/// An event of an instance of a handler; without an instance, one that no handler recorded.
pub(crate) fn event(offset: u64, instance: &str) -> Event {
    let mut envelope = Envelope::new(format!("m-{offset}"), shop(), "order.placed", "text/plain");
    if !instance.is_empty() {
        envelope.source_handler = Some(Identity::new("orders", "5d2f1c3a"));
        instance.clone_into(&mut envelope.source_instance_id);
    }
    Event::new(offset, Parcel::seal(envelope).expect("the envelope is valid"))
}

/// Events from an offset on, one for each letter, which is its instance.
pub(crate) fn events(from: u64, instances: &str) -> Vec<Event> {
    let of = |(offset, instance): (u64, char)| event(offset, &instance.to_string());
    (from..).zip(instances.chars()).map(of).collect()
}

pub(crate) fn at(offset: u64) -> Checkpoint {
    Checkpoint { offset, incarnation: None }
}

/// The text of an error that is no conflict, and what it is.
pub(crate) fn text(result: Result<(), HandlerError>) -> String {
    match result {
        Ok(()) => "no error".to_owned(),
        Err(HandlerError::Conflict) => "conflict".to_owned(),
        Err(HandlerError::Retry(error)) => format!("retry: {error}"),
        Err(HandlerError::Reject(error)) => format!("reject: {error}"),
        Err(error) => format!("unknown: {error}"),
    }
}

pub(crate) fn is_conflict<T>(result: &Result<T, HandlerError>) -> bool {
    matches!(result, Err(HandlerError::Conflict))
}

/// A handler that a test can make anew, as a restart does, or for a replica.
pub(crate) trait Make: Handler + 'static {
    fn make(service: &Service, store: &Store) -> Self;
}

impl Make for Checkpointed<Service, Store> {
    fn make(service: &Service, store: &Store) -> Self {
        Self::new(service.clone(), store.clone())
    }
}

impl Make for Partitioned<Service, Store> {
    fn make(service: &Service, store: &Store) -> Self {
        Self::new(service.clone(), store.clone())
    }
}

/// A service, a store, and a handler over the two that knows its offset, which is 0.
pub(crate) async fn start<H: Make>() -> (Service, Store, H) {
    let (service, store) = (Service::new(), Store::new());
    let mut handler = H::make(&service, &store);
    assert_eq!(offset_of(&mut handler).await, 0);
    (service, store, handler)
}

/// Tests of rules that hold for either handler: each is run with both.
macro_rules! both {
    ($($rule:ident),* $(,)?) => {
        $crate::support::both!(@ checkpointed: Checkpointed, $($rule),*);
        $crate::support::both!(@ partitioned: Partitioned, $($rule),*);
    };
    (@ $kind:ident: $handler:ident, $($rule:ident),*) => {
        mod $kind {
            use eventstream_core::$handler;

            use crate::support::{Service, Store};

            $(
                #[tokio::test(start_paused = true)]
                async fn $rule() {
                    super::$rule::<$handler<Service, Store>>().await;
                }
            )*
        }
    };
}
pub(crate) use both;

/// The offset that a handler says it has.
pub(crate) async fn offset_of(handler: &mut impl Handler) -> u64 {
    handler.next_offset(&shop()).await.expect("the checkpoint can be read")
}

/// The offset that is stored.
pub(crate) async fn stored(checkpoints: &impl Checkpoints) -> Option<u64> {
    checkpoints.load(&shop()).await.expect("it can be read").map(|it| it.offset)
}
