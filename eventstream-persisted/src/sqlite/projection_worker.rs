use std::sync::{Arc, Mutex};

use eventstream_core::{Apply, Event, HandlerError};
use tokio::runtime::Handle;

use super::{
    SqliteError, SqliteTx,
    error::Result,
    fault::Fault,
    panicked::caught,
    parked_table::Shelf,
    session::{Session, locked},
    table::{Places, Stream},
};

/// What a projection does off the runtime.
#[derive(Debug)]
pub(super) struct Worker<A> {
    pub(super) session: Arc<Session>,
    pub(super) places: Places,
    pub(super) apply: Mutex<A>,
}

impl<A: Apply<SqliteTx>> Worker<A> {
    /// Handles events that follow each other, in one transaction with the offset.
    pub(super) fn handle(
        &self,
        stream: &Stream,
        offset: u64,
        events: Vec<Event>,
    ) -> Result<(), HandlerError> {
        let next = match events.last() {
            Some(last) => last.offset.saturating_add(1),
            None => return Ok(()),
        };
        let parked = self.shelf(stream);
        self.transact(|tx| {
            let goes_on = tx.with(|sql| {
                let moved = self.places.advance(sql, stream, offset, next);
                moved
                    .map_err(Fault::from)
                    .and_then(|moved| Ok(moved && !parked.has_any(sql, &events)?))
                    .map_err(|fault| self.handler_error("advancing the offset", fault))
            })?;
            // One that another replica has parked meanwhile is not to be handled in its turn.
            if !goes_on {
                return Err(HandlerError::Conflict);
            }
            check(stream, offset, &events)?;
            self.apply(tx, events)
        })
    }

    /// Handles an event that was parked, in one transaction with the forgetting of it.
    pub(super) fn handle_parked(&self, stream: &Stream, event: Event) -> Result<(), HandlerError> {
        let of = self.shelf(stream);
        self.transact(|tx| {
            let removed = tx.with(|sql| {
                let taken = of.take(sql, event.offset);
                taken.map_err(|fault| self.handler_error("forgetting a parked event", fault))
            })?;
            if !removed {
                return Err(HandlerError::Conflict);
            }
            event.parcel.check_is_from(&stream.source)?;
            self.apply(tx, vec![event])
        })
    }

    fn shelf(&self, stream: &Stream) -> Shelf {
        Shelf { consumer: self.places.consumer.clone(), key: stream.source.key.clone() }
    }

    /// Has the user's code do what it does with the events.
    fn apply(&self, tx: &SqliteTx, events: Vec<Event>) -> Result<(), HandlerError> {
        let mut apply = locked(&self.apply);
        Handle::current().block_on(async {
            for event in events {
                apply.apply(tx.clone(), event).await?;
            }
            Ok(())
        })
    }

    /// Does something in a transaction: all of it, or nothing.
    fn transact(
        &self,
        work: impl FnOnce(&SqliteTx) -> Result<(), HandlerError>,
    ) -> Result<(), HandlerError> {
        let mut place = self.session.lock();
        let link = self.session.take(&mut place)?;
        if let Err(error) = link.begin() {
            Session::give_back(&mut place, link);
            return Err(self.handler_error("beginning a transaction", error.into()));
        }
        let tx = SqliteTx::new(link);
        let worked = caught("what applies the event", || work(&tx));
        // From here on no handle that somebody may have kept does anything.
        let Some(link) = tx.end() else {
            return Err(SqliteError::TransactionOver.into());
        };
        let done = worked
            .unwrap_or_else(|panicked| Err(panicked.into()))
            .and_then(|()| link.commit().map_err(|fault| self.handler_error("committing", fault)));
        // A connection on which something has failed is closed: what was set or attached on it would
        // be there for the next attempt, too, and might be what that fails for.
        if matches!(done, Ok(()) | Err(HandlerError::Conflict)) {
            Session::give_back(&mut place, link);
        }
        done
    }

    fn handler_error(&self, action: &'static str, fault: Fault) -> HandlerError {
        self.session.database.error(action, fault).into_handler_error()
    }
}

/// Checks that the events are of one stream, and that the offset grows with each of them.
fn check(stream: &Stream, offset: u64, events: &[Event]) -> Result<(), HandlerError> {
    let mut next = offset;
    for event in events {
        let found = event.offset;
        let after = found.checked_add(1).filter(|_| found >= next);
        next = after.ok_or(SqliteError::OutOfOrder { next, found })?;
        event.parcel.check_is_from(&stream.source)?;
    }
    Ok(())
}
