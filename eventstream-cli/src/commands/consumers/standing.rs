use eventstream_core::{EventRepository, Identity, Incarnation};
use eventstream_persisted::{AnyStore, SqliteConsumer};
use serde::Serialize;

use crate::{
    failure::Failure,
    output::{grouped, plural},
};

/// A stream that consumers are compared with.
pub(super) struct Stream {
    pub(super) application: Identity,
    incarnation: Incarnation,
    first_offset: u64,
    next_offset: u64,
}

impl Stream {
    pub(super) async fn of(store: &AnyStore) -> Result<Self, Failure> {
        Ok(Self {
            application: store.application().clone(),
            incarnation: store.incarnation(),
            first_offset: store.oldest_offset().await?,
            next_offset: store.next_offset().await?,
        })
    }
}

/// How a consumer stands to the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Standing {
    first_offset: u64,
    next_offset: u64,
    /// How many events it has not come to; none if its offset is no offset of this stream.
    pub(super) behind: Option<u64>,
    problem: Option<Problem>,
}

/// Why a consumer can't go on with the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Problem {
    /// The offset is one of another stream.
    OtherIncarnation,
    /// There is nothing yet where it is.
    PastTheEnd,
    /// Events that it has not handled are gone.
    Truncated,
}

impl Standing {
    /// None if the stream is another application's.
    pub(super) fn of(consumer: &SqliteConsumer, stream: &Stream) -> Option<Self> {
        if consumer.application.key != stream.application.key {
            return None;
        }
        let Stream { first_offset, next_offset, .. } = *stream;
        let problem = if consumer.incarnation.is_some_and(|known| known != stream.incarnation) {
            Some(Problem::OtherIncarnation)
        } else if consumer.next_offset > next_offset {
            Some(Problem::PastTheEnd)
        } else if consumer.next_offset < first_offset {
            Some(Problem::Truncated)
        } else {
            None
        };
        let behind = match problem {
            Some(Problem::OtherIncarnation) => None,
            _ => next_offset.checked_sub(consumer.next_offset),
        };
        Some(Self { first_offset, next_offset, behind, problem })
    }

    /// What is wrong, and what is to be done.
    pub(super) fn warning(&self, consumer: &SqliteConsumer) -> Option<String> {
        let (first, next) = (grouped(self.first_offset), grouped(self.next_offset));
        let at = grouped(consumer.next_offset);
        let text = match self.problem? {
            Problem::OtherIncarnation => {
                "its offset is of another incarnation of the stream, and means nothing in this \
                 store, which was restored or created anew; make sure that its effects fit, and \
                 reset it"
                    .to_owned()
            }
            Problem::PastTheEnd => format!(
                "it waits for offset {at}, and the next offset of the store is only {next}: it was \
                 reset too far, or the store is not the one that it has consumed"
            ),
            Problem::Truncated => format!(
                "it needs offset {at} next, and the store begins at {first}: {} gone; to go on \
                 without, reset it to {first}",
                match self.first_offset - consumer.next_offset {
                    1 => "1 event is".to_owned(),
                    number => format!("{} are", plural(number, "event")),
                }
            ),
        };
        Some(format!("{}: {text}", consumer.name))
    }
}
