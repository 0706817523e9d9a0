//! What happens about events that can't be handled: three settings of three choices.

use eventstream_core::{
    Event, HandlerError, MarshalError,
    Reaction::{self, Ignore, Reject, Retry},
    Router, State,
};
use tracing::Level;

use super::{Notes, apply, event, paid};
use crate::{
    capture::Capture,
    support::{Paid, chain, parcel, text_marshaler},
};

/// Fails as it is told: by the amount.
async fn fail(Paid(amount): Paid, State(notes): State<Notes>) -> Result<(), HandlerError> {
    notes.add(amount.to_string());
    match amount {
        1 => Err(HandlerError::Retry("try again".into())),
        2 => Err(HandlerError::Reject("never".into())),
        3 => Err(HandlerError::Conflict),
        _ => Ok(()),
    }
}

fn router() -> (Router<(), Notes>, Notes) {
    let notes = Notes::default();
    (Router::new(text_marshaler()).state(notes.clone()).on(fail), notes)
}

fn undecodable() -> [Event; 4] {
    let event = |media_type: &str, data| Event::new(5, parcel("order.paid", media_type, data));
    [
        event("text/plain", "a lot"),
        event("text/html", "4"),
        event("text/plain; type=other", "4"),
        event("text/plain; type", "4"),
    ]
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Ignored,
    Retry,
    Reject,
    Conflict,
}

fn outcome(router: &Router<(), Notes>, event: Event) -> Outcome {
    match apply(&mut router.clone(), (), event) {
        Ok(()) => Outcome::Ignored,
        Err(HandlerError::Retry(_)) => Outcome::Retry,
        Err(HandlerError::Reject(_)) => Outcome::Reject,
        Err(HandlerError::Conflict) => Outcome::Conflict,
        Err(other) => panic!("{other:?}"),
    }
}

fn of(reaction: Reaction) -> Outcome {
    match reaction {
        Ignore => Outcome::Ignored,
        Retry => Outcome::Retry,
        Reject => Outcome::Reject,
        other => panic!("{other:?} is new"),
    }
}

#[test]
fn as_provided() {
    let (router, _) = router();
    assert_eq!(outcome(&router, event("order.lost", "")), Outcome::Ignored);
    for event in undecodable() {
        assert_eq!(outcome(&router, event), Outcome::Reject);
    }
    assert_eq!(outcome(&router, paid(1)), Outcome::Retry);
    assert_eq!(outcome(&router, paid(2)), Outcome::Reject);
    assert_eq!(outcome(&router, paid(3)), Outcome::Conflict);
}

#[test]
fn each_setting_is_for_its_own_case() {
    for unknown in [Ignore, Retry, Reject] {
        for bad in [Ignore, Retry, Reject] {
            for failure in [Ignore, Retry, Reject] {
                let (router, notes) = router();
                let router = router.on_unknown(unknown).on_undecodable(bad).on_failure(failure);
                assert_eq!(outcome(&router, event("order.lost", "")), of(unknown));
                for event in undecodable() {
                    assert_eq!(outcome(&router, event), of(bad));
                }
                assert!(notes.take().is_empty());
                assert_eq!(outcome(&router, paid(1)), of(failure));
                assert_eq!(outcome(&router, paid(2)), of(failure));
                // A conflict stays one.
                assert_eq!(outcome(&router, paid(3)), Outcome::Conflict);
                // And what goes well, goes well.
                assert_eq!(outcome(&router, paid(4)), Outcome::Ignored);
                assert_eq!(notes.take(), ["1", "2", "3", "4"]);
            }
        }
    }
}

#[test]
fn errors_say_what_it_was() {
    let (router, _) = router();
    let mut router = router.on_unknown(Reject).on_failure(Reject);
    let mut error = |event| match apply(&mut router, (), event).unwrap_err() {
        HandlerError::Reject(error) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        chain(error(event("order.lost", "")).as_ref()),
        "no function is registered for events of type \"order.lost\""
    );
    let undecodable = error(event("order.paid", "a lot"));
    assert!(matches!(undecodable.downcast_ref(), Some(MarshalError::Undecodable { .. })));
    assert_eq!(chain(error(paid(1)).as_ref()), "try again");
}

#[test]
fn the_functions_that_follow_are_called_after_what_is_ignored() {
    let (router, notes) = router();
    let mut router = router.on_failure(Ignore).on(fail);
    apply(&mut router, (), paid(1)).unwrap();
    assert_eq!(notes.take(), ["1", "1"]);
}

#[test]
fn what_is_ignored_is_logged() {
    let (capture, _recording) = Capture::start();
    let (router, _) = router();
    let router = router.on_undecodable(Ignore).on_failure(Ignore);

    outcome(&router, event("order.lost", ""));
    let debug = &capture.events(Level::DEBUG)[0];
    assert_eq!(debug.name, "ignoring an event of an unknown type");
    assert_eq!(debug.fields["event_type"], "order.lost");
    assert_eq!(debug.fields["offset"], "5");
    assert!(capture.events(Level::WARN).is_empty());

    outcome(&router, event("order.paid", "a lot"));
    outcome(&router, paid(2));
    let warnings = capture.events(Level::WARN);
    let names: Vec<_> = warnings.iter().map(|warning| warning.name.as_str()).collect();
    assert_eq!(
        names,
        ["ignoring an event that can't be decoded", "ignoring an event that could not be handled"]
    );
    assert!(warnings[0].fields["error"].contains("can't be decoded from \"text/plain\""));
    assert_eq!(warnings[1].fields["error"], "never");
    assert_eq!(warnings[1].fields["event_type"], "order.paid");

    // What is an error is logged by who gets it.
    let router = router.on_unknown(Reject).on_undecodable(Retry).on_failure(Retry);
    for event in [event("order.lost", ""), event("order.paid", "a lot"), paid(1), paid(2), paid(3)]
    {
        assert_ne!(outcome(&router, event), Outcome::Ignored);
    }
    assert_eq!(capture.events(Level::WARN).len(), 2);
    assert_eq!(capture.events(Level::DEBUG).len(), 1);
}
