//! What functions can ask for.

use std::sync::Arc;

use eventstream_core::{Context, Envelope, Event, FromEvent, HandlerError, Parcel, Router, State};

use super::{Notes, apply, paid};
use crate::support::{Paid, text_marshaler};

/// What is applied in: something to note in, and nothing that could be the state.
#[derive(Clone)]
struct Tx(Notes);

type Of = State<Notes>;
type In = Context<Tx>;

/// Makes a router of one function that asks for what is named, and has it note what it got.
macro_rules! asks_for {
    ($($name:ident: $argument:ident),*) => {{
        async fn function(Paid(amount): Paid, $($name: $argument),*) -> Result<(), HandlerError> {
            $($name.check();)*
            let arguments: &[&str] = &[$(stringify!($argument)),*];
            assert_eq!(amount, 7);
            CALLS.with_borrow_mut(|calls| calls.push(arguments.join(" ")));
            Ok(())
        }
        let mut router = Router::<Tx>::new(text_marshaler()).state(Notes::default()).on(function);
        let notes = Notes::default();
        apply(&mut router, Tx(notes.clone()), paid(7)).unwrap();
        let contexts = notes.take().len();
        let asked = [$(stringify!($argument)),*];
        let asked: &[&str] = &asked;
        assert_eq!(contexts, asked.iter().filter(|name| **name == "In").count());
        assert_eq!(CALLS.take(), [asked.join(" ")]);
        // Nothing of the context is kept: what is done in it can be committed.
        assert_eq!(Arc::strong_count(&notes.0), 1);
    }};
}

thread_local! {
    static CALLS: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

trait Check {
    fn check(&self);
}

impl Check for Event {
    fn check(&self) {
        assert_eq!((self.offset, self.parcel.message_id()), (5, "m"));
    }
}

impl Check for Of {
    fn check(&self) {
        self.0.add("in the state");
        assert!(self.0.take().contains(&"in the state".to_owned()));
    }
}

impl Check for In {
    fn check(&self) {
        self.0.0.add("in the context");
    }
}

#[test]
fn in_every_combination() {
    asks_for!();
    // One of them.
    asks_for!(a: Event);
    asks_for!(a: Of);
    asks_for!(a: In);
    // Two.
    asks_for!(a: Event, b: Event);
    asks_for!(a: Event, b: Of);
    asks_for!(a: Event, b: In);
    asks_for!(a: Of, b: Event);
    asks_for!(a: Of, b: Of);
    asks_for!(a: Of, b: In);
    asks_for!(a: In, b: Event);
    asks_for!(a: In, b: Of);
    asks_for!(a: In, b: In);
    // All three, in all orders.
    asks_for!(a: Event, b: Of, c: In);
    asks_for!(a: Event, b: In, c: Of);
    asks_for!(a: Of, b: Event, c: In);
    asks_for!(a: Of, b: In, c: Event);
    asks_for!(a: In, b: Event, c: Of);
    asks_for!(a: In, b: Of, c: Event);
    // Four: one of them twice.
    asks_for!(a: Event, b: Of, c: In, d: Event);
    asks_for!(a: Of, b: Event, c: In, d: Of);
    asks_for!(a: In, b: Event, c: Of, d: In);
    asks_for!(a: In, b: In, c: In, d: In);
}

/// One of one's own, which is not there for every event.
struct Tenant(String);

impl<C, S> FromEvent<C, S> for Tenant {
    fn from_event(event: &Event, _: &C, _: &S) -> Result<Self, HandlerError> {
        match event.parcel.attribute("tenant") {
            Some(tenant) => Ok(Self(tenant.to_owned())),
            None => Err(HandlerError::Reject("no tenant".into())),
        }
    }
}

async fn of_tenant(
    _: Paid,
    Tenant(tenant): Tenant,
    State(notes): State<Notes>,
) -> Result<(), HandlerError> {
    notes.add(tenant);
    Ok(())
}

#[test]
fn of_another_kind() {
    let notes = Notes::default();
    let mut router = Router::new(text_marshaler()).state(notes.clone()).on(of_tenant);
    let event = paid(1);
    let with_tenant = Parcel::seal(Envelope {
        attributes: [("tenant".to_owned(), "t-1".to_owned())].into(),
        ..event.parcel.to_envelope()
    });
    apply(&mut router, (), Event::new(0, with_tenant.unwrap())).unwrap();
    assert_eq!(notes.take(), ["t-1"]);

    // It is as if the function had failed.
    let result = apply(&mut router, (), event.clone());
    assert!(matches!(result, Err(HandlerError::Reject(_))), "{result:?}");
    let mut router = router.on_failure(eventstream_core::Reaction::Ignore);
    apply(&mut router, (), event).unwrap();
    assert!(notes.take().is_empty());
}

#[test]
fn a_message_is_enough_for_a_closure() {
    let notes = Notes::default();
    let shared = notes.clone();
    let mut router = Router::new(text_marshaler()).on(move |Paid(amount): Paid| {
        let notes = shared.clone();
        async move {
            // It may wait.
            tokio::task::yield_now().await;
            notes.add(amount.to_string());
            Ok::<(), HandlerError>(())
        }
    });
    apply(&mut router, (), paid(3)).unwrap();
    assert_eq!(notes.take(), ["3"]);
}
