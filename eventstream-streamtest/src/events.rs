//! The events that were delivered, and those that should have been.

use eventstream_core::{Event, Result};

use crate::failure::{Check, chain, fail};

/// Whether a call has brought the first of the events that are expected, as many as it likes;
/// returns those that are still to come.
pub(crate) fn first_of<'a>(
    name: &str,
    expected: &'a [Event],
    got: &Result<Vec<Event>>,
) -> Check<&'a [Event]> {
    let events = match got {
        Ok(events) => events,
        Err(error) => match expected.first() {
            Some(event) => {
                fail!("{name} must deliver {}, but says: {}", describe(event), chain(error))
            }
            None => fail!("{name} must deliver nothing, but says: {}", chain(error)),
        },
    };
    for (i, event) in events.iter().enumerate() {
        match expected.get(i) {
            Some(expected) if expected == event => {}
            Some(expected) => fail!(
                "{name} must deliver {}, but has delivered {}",
                describe(expected),
                difference(expected, event)
            ),
            None => {
                fail!("{name} must deliver nothing here, but has delivered {}", describe(event))
            }
        }
    }
    Ok(&expected[events.len()..])
}

/// What a call has come to, in words that go on with a sentence.
pub(crate) fn outcome(got: &Result<Vec<Event>>) -> String {
    match got {
        Ok(events) => match events.as_slice() {
            [] => "has delivered nothing".to_owned(),
            [event] => format!("has delivered {}", describe(event)),
            [first, .., last] => format!(
                "has delivered {} events, from offset {} to {}",
                events.len(),
                first.offset,
                last.offset
            ),
        },
        Err(error) => format!("says: {}", chain(error)),
    }
}

/// An event, in words.
pub(crate) fn describe(event: &Event) -> String {
    format!(
        "event {} ({}, message {})",
        event.offset,
        event.parcel.event_type(),
        event.parcel.message_id()
    )
}

/// An event that was delivered in the place of another.
fn difference(expected: &Event, event: &Event) -> String {
    let (wire, other) = (expected.parcel.wire(), event.parcel.wire());
    if event.parcel.message_id() != expected.parcel.message_id() {
        describe(event)
    } else if wire == other {
        format!("its message at offset {}", event.offset)
    } else {
        format!(
            "it in other bytes: {} in place of {}, with a payload of {} in place of {}",
            other.len(),
            wire.len(),
            event.parcel.data().len(),
            expected.parcel.data().len()
        )
    }
}
