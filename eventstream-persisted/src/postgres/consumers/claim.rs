//! A transaction of a projection: how it begins, and how it ends.

use eventstream_core::{Event, HandlerError};
use tokio_postgres::error::SqlState;

use super::{
    places::{Places, Stream},
    shelf::Shelf,
};
use crate::postgres::{
    connection::{Link, join},
    error::{PostgresError, Result},
};

/// What a transaction begins with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Claim {
    /// The offset is moved.
    Advance { offset: u64, next: u64 },
    /// The event is parked no more.
    Parked { offset: u64 },
}

/// Begins a transaction, and takes the events in it, without waiting in between.
pub(super) async fn begin(
    link: &Link,
    places: &Places,
    stream: &Stream,
    claim: Claim,
    events: &[Event],
) -> Result<Option<i64>> {
    let shelf = Shelf {
        schema: places.schema.clone(),
        consumer: places.consumer.clone(),
        key: stream.source.key.clone(),
    };
    match claim {
        Claim::Advance { offset, next } => {
            let offsets: Vec<_> = events.iter().map(|event| event.offset).collect();
            let advance = places.advance(link, stream, offset, next);
            let advance = join(link.begin(), Box::pin(advance));
            let ((begun, moved), parked) =
                join(advance, Box::pin(shelf.lock(link, &offsets))).await;
            begun?;
            let (moved, is_parked) = (moved?, parked?);
            // One that another replica has parked meanwhile is not to be handled in its turn.
            Ok(moved.filter(|_| !is_parked))
        }
        Claim::Parked { offset } => {
            let (begun, taken) = join(link.begin(), shelf.take(link, offset)).await;
            begun?;
            taken
        }
    }
}

/// Commits, if the transaction is the one that was begun and nothing in it has failed. Else the check
/// fails, and what follows it in the same message is not carried out.
pub(super) async fn commit(link: &Link, number: i64) -> Result<()> {
    let sql =
        format!("SELECT 1 / coalesce(txid_current_if_assigned() = {number}, false)::int; COMMIT");
    match link.end("commit", &sql).await {
        // After a failed statement whose error was passed over, or a transaction that was ended.
        Err(error)
            if [Some(&SqlState::DIVISION_BY_ZERO), Some(&SqlState::IN_FAILED_SQL_TRANSACTION)]
                .contains(&error.state()) =>
        {
            Err(PostgresError::TransactionEnded)
        }
        done => done,
    }
}

/// Checks that the events are of one stream, and that the offset grows with each of them.
pub(super) fn check(
    stream: &Stream,
    claim: Claim,
    events: &[Event],
) -> std::result::Result<(), HandlerError> {
    let (Claim::Advance { offset: mut next, .. } | Claim::Parked { offset: mut next }) = claim;
    for event in events {
        let found = event.offset;
        let after = found.checked_add(1).filter(|_| found >= next);
        next = after.ok_or(PostgresError::OutOfOrder { next, found })?;
        event.parcel.check_is_from(&stream.source)?;
    }
    Ok(())
}
