use bytes::Bytes;
use eventstream_core::{Event, Parcel, ParkedEvent};
use rusqlite::{Connection, Row};

use super::{
    fault::Fault,
    stored::{Offset, Time},
};

/// The events of one consumer, of one application, in `eventstream_parked`.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) consumer: String,
    pub(super) key: String,
}

impl Shelf {
    pub(super) fn failed(
        &self,
        sql: &Connection,
        event: &Event,
        error: &str,
    ) -> Result<u32, Fault> {
        let mut statement = sql.prepare_cached(
            "INSERT INTO eventstream_parked AS it (consumer, application_key, event_offset, state,
                 attempts, first_failed_at, last_failed_at, error, event)
             VALUES (?1, ?2, ?3, 'noted', 1, ?4, ?4, ?5, ?6)
             ON CONFLICT (consumer, application_key, (event_offset < 0), event_offset) DO UPDATE
             SET state = iif(it.state = 'noted', 'noted', 'parked'),
                 attempts = min(it.attempts + 1, 4294967295),
                 last_failed_at = excluded.last_failed_at, error = excluded.error,
                 event = excluded.event
             RETURNING attempts",
        )?;
        let wire: &[u8] = event.parcel.wire();
        let params = (&self.consumer, &self.key, Offset(event.offset), Time::now(), error, wire);
        Ok(statement.query_row(params, |row| row.get(0))?)
    }

    /// Parks an event that was noted, unless the consumer is past it: then another replica has handled
    /// it, and it must not be handled once more.
    pub(super) fn park(&self, sql: &Connection, offset: u64) -> Result<bool, Fault> {
        // One that waits to be replayed is parked already.
        self.update(
            sql,
            offset,
            "UPDATE eventstream_parked
             SET state = iif(state = 'noted', 'parked', state)
             WHERE consumer = ?1 AND application_key = ?2
                 AND (event_offset < 0) = (?3 < 0) AND event_offset = ?3
                 AND (state <> 'noted' OR NOT EXISTS (
                     SELECT 1 FROM eventstream_consumers WHERE consumer = ?1
                         AND application_key = ?2 AND (next_offset < 0, next_offset) > (?3 < 0, ?3)
                 ))",
        )
    }

    pub(super) fn has_notes_below(&self, sql: &Connection, offset: u64) -> Result<bool, Fault> {
        let mut statement = sql.prepare_cached(
            "SELECT 1 FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2 AND state = 'noted'
                 AND (event_offset < 0, event_offset) < (?3 < 0, ?3)",
        )?;
        Ok(statement.exists((&self.consumer, &self.key, Offset(offset)))?)
    }

    pub(super) fn forget_notes_below(&self, sql: &Connection, offset: u64) -> rusqlite::Result<()> {
        let mut statement = sql.prepare_cached(
            "DELETE FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2 AND state = 'noted'
                 AND (event_offset < 0, event_offset) < (?3 < 0, ?3)",
        )?;
        statement.execute((&self.consumer, &self.key, Offset(offset))).map(drop)
    }

    /// The offsets of what is parked, from one on.
    pub(super) fn parked_from(&self, sql: &Connection, offset: u64) -> Result<Vec<u64>, Fault> {
        let mut statement = sql.prepare_cached(
            "SELECT event_offset FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2 AND state <> 'noted'
                 AND (event_offset < 0) = (?3 < 0) AND event_offset >= ?3
             ORDER BY event_offset",
        )?;
        let mut parked = Vec::new();
        for from in halves(offset) {
            let params = (&self.consumer, &self.key, from);
            let rows = statement.query_map(params, |row| row.get::<_, Offset>(0))?;
            for row in rows {
                parked.push(row?.0);
            }
        }
        Ok(parked)
    }

    /// Whether one of these events, which are in order, is parked.
    pub(super) fn has_any(&self, sql: &Connection, events: &[Event]) -> Result<bool, Fault> {
        let Some(first) = events.first() else {
            return Ok(false);
        };
        // Parked events lie behind the offset, but for a moment: hardly ever is there one.
        let parked = self.parked_from(sql, first.offset)?;
        Ok(!parked.is_empty() && events.iter().any(|event| parked.contains(&event.offset)))
    }

    pub(super) fn list(
        &self,
        sql: &Connection,
        offset: u64,
        max: usize,
    ) -> Result<Vec<ParkedEvent>, Fault> {
        let mut statement = sql.prepare_cached(
            "SELECT event_offset, state, attempts, first_failed_at, last_failed_at, error, event
             FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2 AND state <> 'noted'
                 AND (event_offset < 0) = (?3 < 0) AND event_offset >= ?3
             ORDER BY event_offset LIMIT ?4",
        )?;
        let mut listed = Vec::new();
        for from in halves(offset) {
            let missing = i64::try_from(max - listed.len()).unwrap_or(i64::MAX);
            let params = (&self.consumer, &self.key, from, missing);
            for row in statement.query_map(params, |row| Ok(parked(row)))? {
                listed.push(row??);
            }
        }
        Ok(listed)
    }

    pub(super) fn count(&self, sql: &Connection) -> Result<u64, Fault> {
        let mut statement = sql.prepare_cached(
            "SELECT count(*) FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2 AND state IN ('parked', 'replaying')",
        )?;
        let count: Offset = statement.query_row((&self.consumer, &self.key), |row| row.get(0))?;
        Ok(count.0)
    }

    pub(super) fn replay(&self, sql: &Connection, offset: u64) -> Result<bool, Fault> {
        self.update(
            sql,
            offset,
            "UPDATE eventstream_parked SET state = 'replaying'
             WHERE consumer = ?1 AND application_key = ?2
                 AND (event_offset < 0) = (?3 < 0) AND event_offset = ?3 AND state <> 'noted'",
        )
    }

    pub(super) fn next_replay(&self, sql: &Connection) -> Result<Option<ParkedEvent>, Fault> {
        let mut statement = sql.prepare_cached(
            "SELECT event_offset, state, attempts, first_failed_at, last_failed_at, error, event
             FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2 AND state = 'replaying'
             ORDER BY event_offset < 0, event_offset LIMIT 1",
        )?;
        let mut rows = statement.query((&self.consumer, &self.key))?;
        rows.next()?.map(parked).transpose()
    }

    pub(super) fn remove(&self, sql: &Connection, offset: u64) -> Result<bool, Fault> {
        self.update(
            sql,
            offset,
            "DELETE FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2
                 AND (event_offset < 0) = (?3 < 0) AND event_offset = ?3",
        )
    }

    /// Deletes an event that is parked. Returns whether it was.
    pub(super) fn take(&self, sql: &Connection, offset: u64) -> Result<bool, Fault> {
        self.update(
            sql,
            offset,
            "DELETE FROM eventstream_parked
             WHERE consumer = ?1 AND application_key = ?2
                 AND (event_offset < 0) = (?3 < 0) AND event_offset = ?3 AND state <> 'noted'",
        )
    }

    /// Forgets all from an offset on.
    pub(super) fn forget_from(&self, sql: &Connection, offset: u64) -> rusqlite::Result<()> {
        let mut statement = sql.prepare_cached(
            "DELETE FROM eventstream_parked WHERE consumer = ?1 AND application_key = ?2
                 AND (event_offset < 0, event_offset) >= (?3 < 0, ?3)",
        )?;
        statement.execute((&self.consumer, &self.key, Offset(offset))).map(drop)
    }

    fn update(&self, sql: &Connection, offset: u64, statement: &str) -> Result<bool, Fault> {
        let mut statement = sql.prepare_cached(statement)?;
        Ok(statement.execute((&self.consumer, &self.key, Offset(offset)))? == 1)
    }
}

/// Where to begin in each of the two halves that offsets stand in, in their order. A statement that
/// compares `(event_offset < 0, event_offset)` in one would go through all events of the consumer:
/// SQLite does not find the place in an index by an expression in a row.
fn halves(offset: u64) -> impl Iterator<Item = Offset> {
    let second = 1 << 63;
    [offset, second].into_iter().take(if offset < second { 2 } else { 1 }).map(Offset)
}

fn parked(row: &Row<'_>) -> Result<ParkedEvent, Fault> {
    let Offset(offset) = row.get(0)?;
    let wire: Vec<u8> = row.get(6)?;
    let parcel = Parcel::from_wire(Bytes::from(wire)).map_err(|error| {
        Fault::Damaged(format!("the parked event {offset} is no event: {error}"))
    })?;
    let mut parked = ParkedEvent::new(Event::new(offset, parcel), row.get::<_, String>(5)?);
    parked.replaying = row.get_ref(1)?.as_str().is_ok_and(|state| state == "replaying");
    parked.attempts = row.get(2)?;
    parked.first_failed_at = row.get::<_, Time>(3)?.0;
    parked.last_failed_at = row.get::<_, Time>(4)?.0;
    Ok(parked)
}
