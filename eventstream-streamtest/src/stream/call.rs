//! The calls of a cursor, and the rules that hold for whatever they return.

use std::fmt;

use eventstream_core::{Cursor, Error, Event, Result};

use crate::{
    events::outcome,
    failure::{Check, chain, ensure},
};

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

/// Whether a call says that its cursor is closed.
pub(crate) fn is_closed(name: &str, call: Call, got: &Result<Vec<Event>>) -> Check {
    ensure!(
        matches!(got, Err(Error::CursorClosed)),
        "{name} is closed: {call} must say CursorClosed, but {}",
        outcome(got)
    );
    Ok(())
}
