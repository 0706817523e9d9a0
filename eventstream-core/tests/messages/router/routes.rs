use std::{cell::Cell, sync::Arc};

use eventstream_core::{Apply, EventTypes, HandlerError, Marshaler, Message, Router, State};
use serde::{Deserialize, Serialize};

use super::{Notes, apply, event, paid};
use crate::support::{Digits, Paid, text_marshaler};

#[derive(Serialize, Deserialize)]
struct Sent;

impl Message for Sent {
    const TYPE: &'static str = "order.sent";
}

async fn note(Paid(amount): Paid, State(notes): State<Notes>) -> Result<(), HandlerError> {
    notes.add(format!("paid {amount}"));
    Ok(())
}

fn of_trait<C>(router: &impl Apply<C>) -> EventTypes {
    router.event_types()
}

#[test]
fn the_types_are_those_with_a_function() {
    let router = Router::<()>::new(text_marshaler());
    assert_eq!(router.event_types(), EventTypes::none());

    let router = router.on(|_: Sent| async { Ok::<(), HandlerError>(()) });
    assert_eq!(router.event_types(), EventTypes::from("order.sent"));
    let router = router.state(Notes::default()).on(note).on(note);
    assert_eq!(router.event_types(), EventTypes::from_iter(["order.paid", "order.sent"]));

    // It is not the set that the trait provides.
    assert_eq!(of_trait(&router), router.event_types());
}

#[test]
fn all_functions_of_a_type_are_called_in_order() {
    let notes = Notes::default();
    let mut router = Router::new(text_marshaler())
        .state(notes.clone())
        .on(note)
        .on(|Digits(digits), State(notes): State<Notes>| async move {
            notes.add(format!("{digits} digits"));
            Ok::<(), HandlerError>(())
        })
        .on(note);
    apply(&mut router, (), paid(120)).unwrap();
    assert_eq!(notes.take(), ["paid 120", "3 digits", "paid 120"]);
}

#[test]
fn the_first_to_fail_is_the_last_to_be_called() {
    let notes = Notes::default();
    let fail = |_: Paid| async { Err(HandlerError::Reject("no".into())) };
    let mut router = Router::new(text_marshaler()).state(notes.clone()).on(note).on(fail).on(note);
    let result = apply(&mut router, (), paid(1));
    assert!(matches!(result, Err(HandlerError::Reject(_))), "{result:?}");
    assert_eq!(notes.take(), ["paid 1"]);
}

#[test]
fn functions_from_before_there_was_a_state_stay() {
    let notes = Notes::default();
    let before = notes.clone();
    let mut router = Router::new(text_marshaler())
        .on(move |Paid(amount)| {
            let before = before.clone();
            async move {
                before.add(format!("before {amount}"));
                Ok::<(), HandlerError>(())
            }
        })
        .on_unknown(eventstream_core::Reaction::Reject)
        .state(notes.clone())
        .on(note);
    apply(&mut router, (), paid(2)).unwrap();
    assert_eq!(notes.take(), ["before 2", "paid 2"]);
    assert!(apply(&mut router, (), event("order.lost", "")).is_err(), "settings stay, too");
}

#[test]
fn types_are_told_apart_by_all_of_their_names() {
    let notes = Notes::default();
    let mut router = Router::new(text_marshaler()).state(notes.clone()).on(note);
    for other in ["order.pai", "order.paid2", "Order.Paid", "paid"] {
        apply(&mut router, (), event(other, "1")).unwrap();
    }
    assert!(notes.take().is_empty());
}

#[test]
fn a_clone_has_the_same_functions_and_goes_its_own_way() {
    let notes = Notes::default();
    let first = Router::new(text_marshaler()).state(notes.clone()).on(note);
    let mut second = first.clone().on(note);
    let mut first = first;
    apply(&mut first, (), paid(1)).unwrap();
    assert_eq!(notes.take().len(), 1);
    apply(&mut second, (), paid(1)).unwrap();
    assert_eq!(notes.take().len(), 2);
}

#[test]
fn any_error_can_be_returned() {
    async fn parse(_: Paid) -> Result<(), std::num::ParseIntError> {
        "x".parse::<u8>().map(|_| ())
    }
    async fn boxed(_: Paid) -> Result<(), eventstream_core::BoxError> {
        Err("no".into())
    }
    let result = apply(&mut Router::new(text_marshaler()).on(parse), (), paid(1));
    assert!(
        matches!(&result, Err(HandlerError::Retry(error)) if error.is::<std::num::ParseIntError>()),
        "{result:?}"
    );
    let result = apply(&mut Router::new(text_marshaler()).on(boxed), (), paid(1));
    assert!(matches!(result, Err(HandlerError::Retry(_))), "{result:?}");
}

/// A context as databases have them: it may be given away, but not shared by threads.
#[derive(Clone)]
struct Transaction(#[allow(dead_code)] Cell<u8>);

#[test]
fn what_is_shared_by_threads_and_what_is_sent() {
    fn is_shared<T: Clone + Send + Sync>(value: T) -> T {
        value
    }
    fn is_sent<T: Send>(_: T) {}

    let mut router =
        is_shared(Router::<Transaction>::new(Marshaler::new([])).state(Arc::new(1_u8)));
    is_sent(router.apply(Transaction(Cell::new(0)), paid(1)));
    // A state that is not shared makes a router that is not, and its future is sent all the same.
    let mut router = Router::<Transaction>::new(Marshaler::new([])).state(Cell::new(0_u8));
    is_sent(router.apply(Transaction(Cell::new(0)), paid(1)));
}
