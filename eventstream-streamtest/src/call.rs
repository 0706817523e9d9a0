//! The calls of a cursor, and the rules that hold for whatever they return.

use std::fmt;

use eventstream_core::{Cursor, Error, Event, Result};

use crate::failure::{Check, chain, ensure, fail};

/// One of the two ways to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Next,
    Batch(usize),
}

impl Call {
    /// Both ways: what holds for one holds for the other.
    pub(crate) const BOTH: [Self; 2] = [Self::Next, Self::Batch(8)];

    pub(crate) async fn perform(
        self,
        cursor: &mut impl Cursor,
        buf: &mut Vec<Event>,
    ) -> Result<usize> {
        match self {
            Self::Next => {
                buf.push(cursor.next().await?);
                Ok(1)
            }
            Self::Batch(max) => cursor.next_batch(buf, max).await,
        }
    }

    /// Whether what a call says agrees with what it has added.
    pub(crate) fn check(
        self,
        name: &str,
        added: Vec<Event>,
        result: Result<usize>,
    ) -> Check<Result<Vec<Event>>> {
        let max = match self {
            Self::Next => 1,
            Self::Batch(max) => max,
        };
        let count = match result {
            Ok(count) => count,
            Err(error) => {
                ensure!(
                    added.is_empty(),
                    "{self} of {name} has added {} events, and yet says: {}",
                    added.len(),
                    chain(&error)
                );
                return Ok(Err(error));
            }
        };
        ensure!(
            count == added.len(),
            "{self} of {name} says that it has added {count} events, but has added {}",
            added.len()
        );
        ensure!(count <= max, "{self} of {name} has added more: {count} events");
        ensure!(
            count > 0 || max == 0,
            "{self} of {name} has added nothing: it must wait for one event"
        );
        Ok(Ok(added))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("`next`"),
            Self::Batch(max) => write!(f, "`next_batch` with a max of {max}"),
        }
    }
}

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

/// Whether a call says that its cursor is closed.
pub(crate) fn is_closed(name: &str, call: Call, got: &Result<Vec<Event>>) -> Check {
    ensure!(
        matches!(got, Err(Error::CursorClosed)),
        "{name} is closed: {call} must say CursorClosed, but {}",
        outcome(got)
    );
    Ok(())
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
