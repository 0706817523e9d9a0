use std::time::{Duration, SystemTime};

use bytes::Bytes;
use eventstream_core::{Event, Parcel, ParkedEvent};
use tokio_postgres::{Row, types::Type};

use crate::postgres::{
    connection::{Link, Param},
    error::{PostgresError, Result},
    schema::Schema,
};

const ACTION: &str = "look after parked events";
/// What of a parked event is read, for [`parked`].
const COLUMNS: &str = "event_offset::text, state, attempts,
    (extract(epoch FROM first_failed_at) * 1000000)::bigint,
    (extract(epoch FROM last_failed_at) * 1000000)::bigint, error, event";

/// The events of one consumer, of one application, in `parked`.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) schema: Schema,
    pub(super) consumer: String,
    pub(super) key: String,
}

impl Shelf {
    pub(super) async fn failed(&self, link: &Link, event: &Event, error: &str) -> Result<u32> {
        let wire: &[u8] = event.parcel.wire();
        // PostgreSQL can't keep a NUL character.
        let error = error.replace('\0', "\u{fffd}");
        let rows = self
            .run(
                link,
                event.offset,
                "INSERT INTO @.parked AS it (consumer, application_key, event_offset, state, attempts,
                     first_failed_at, last_failed_at, error, event)
                 VALUES ($1, $2, $3::text::numeric, 'noted', 1, now(), now(), $4, $5)
                 ON CONFLICT (consumer, application_key, event_offset) DO UPDATE
                 SET state = CASE it.state WHEN 'noted' THEN 'noted' ELSE 'parked' END,
                     attempts = least(it.attempts + 1, 4294967295),
                     last_failed_at = excluded.last_failed_at, error = excluded.error,
                     event = excluded.event
                 RETURNING attempts",
                &[(&error, Type::TEXT), (&wire, Type::BYTEA)],
            )
            .await?;
        Ok(rows.first().map_or(0, |row| attempts(row.get(0))))
    }

    /// Parks an event that was noted, unless the consumer is past it: then another replica has handled
    /// it, and it must not be handled once more. In a transaction that is open.
    ///
    /// Whoever handles the event locks it, too, and so is waited for; what they have moved the offset to
    /// is seen by the statement after.
    pub(super) async fn park(&self, link: &Link, offset: u64) -> Result<bool> {
        self.lock(link, &[offset]).await?;
        let sql = "
            UPDATE @.parked SET state = CASE state WHEN 'noted' THEN 'parked' ELSE state END
            WHERE consumer = $1 AND application_key = $2 AND event_offset = $3::text::numeric
                AND (state <> 'noted' OR NOT EXISTS (
                    SELECT 1 FROM @.consumers WHERE consumer = $1 AND application_key = $2
                        AND next_offset > $3::text::numeric
                ))
            RETURNING 1";
        Ok(!self.run(link, offset, sql, &[]).await?.is_empty())
    }

    /// Locks those of these events that are noted or parked. Returns whether one is parked.
    pub(super) async fn lock(&self, link: &Link, offsets: &[u64]) -> Result<bool> {
        let offsets: Vec<_> = offsets.iter().map(u64::to_string).collect();
        let sql = self.schema.sql(
            "SELECT state FROM @.parked WHERE consumer = $1 AND application_key = $2
                 AND event_offset = ANY ($3::text[]::numeric[]) FOR UPDATE",
        );
        let params: [Param<'_>; 3] =
            [(&self.consumer, Type::TEXT), (&self.key, Type::TEXT), (&offsets, Type::TEXT_ARRAY)];
        let rows = link.query(ACTION, &sql, &params).await?;
        Ok(rows.iter().any(|row| row.get::<_, &str>(0) != "noted"))
    }

    pub(super) async fn forget_notes_below(&self, link: &Link, offset: u64) -> Result<()> {
        let sql = "DELETE FROM @.parked WHERE consumer = $1 AND application_key = $2
                AND state = 'noted' AND event_offset < $3::text::numeric";
        self.run(link, offset, sql, &[]).await.map(drop)
    }

    /// The offsets of what is parked, from one on.
    pub(super) async fn parked_from(&self, link: &Link, offset: u64) -> Result<Vec<u64>> {
        let sql = "SELECT event_offset::text FROM @.parked
            WHERE consumer = $1 AND application_key = $2 AND state <> 'noted'
                AND event_offset >= $3::text::numeric ORDER BY event_offset";
        let rows = self.run(link, offset, sql, &[]).await?;
        rows.iter().map(|row| self.offset(row)).collect()
    }

    pub(super) async fn list(
        &self,
        link: &Link,
        offset: u64,
        max: usize,
    ) -> Result<Vec<ParkedEvent>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM @.parked
             WHERE consumer = $1 AND application_key = $2 AND state <> 'noted'
                 AND event_offset >= $3::text::numeric ORDER BY event_offset LIMIT $4"
        );
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let rows = self.run(link, offset, &sql, &[(&max, Type::INT8)]).await?;
        rows.iter().map(|row| self.parked(row)).collect()
    }

    pub(super) async fn count(&self, link: &Link) -> Result<u64> {
        let sql = "SELECT count(*) FROM @.parked
            WHERE consumer = $1 AND application_key = $2 AND state <> 'noted'
                AND event_offset >= $3::text::numeric";
        let rows = self.run(link, 0, sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    pub(super) async fn replay(&self, link: &Link, offset: u64) -> Result<bool> {
        let sql = "UPDATE @.parked SET state = 'replaying'
            WHERE consumer = $1 AND application_key = $2 AND event_offset = $3::text::numeric
                AND state <> 'noted' RETURNING 1";
        Ok(!self.run(link, offset, sql, &[]).await?.is_empty())
    }

    pub(super) async fn next_replay(&self, link: &Link) -> Result<Option<ParkedEvent>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM @.parked
             WHERE consumer = $1 AND application_key = $2 AND state = 'replaying'
                 AND event_offset >= $3::text::numeric ORDER BY event_offset LIMIT 1"
        );
        let rows = self.run(link, 0, &sql, &[]).await?;
        rows.first().map(|row| self.parked(row)).transpose()
    }

    pub(super) async fn remove(&self, link: &Link, offset: u64) -> Result<bool> {
        let sql = "DELETE FROM @.parked
            WHERE consumer = $1 AND application_key = $2 AND event_offset = $3::text::numeric
            RETURNING 1";
        Ok(!self.run(link, offset, sql, &[]).await?.is_empty())
    }

    /// Deletes an event that is parked. Returns the transaction that has, if it was.
    pub(super) async fn take(&self, link: &Link, offset: u64) -> Result<Option<i64>> {
        let sql = "DELETE FROM @.parked
            WHERE consumer = $1 AND application_key = $2 AND event_offset = $3::text::numeric
                AND state <> 'noted' RETURNING txid_current()";
        let rows = self.run(link, offset, sql, &[]).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// Runs a statement with `$1` to `$3`, the consumer, the application and an offset, and more.
    async fn run(
        &self,
        link: &Link,
        offset: u64,
        sql: &str,
        more: &[Param<'_>],
    ) -> Result<Vec<Row>> {
        let offset = offset.to_string();
        let mut params: Vec<Param<'_>> =
            vec![(&self.consumer, Type::TEXT), (&self.key, Type::TEXT), (&offset, Type::TEXT)];
        params.extend(more.iter().cloned());
        link.query(ACTION, &self.schema.sql(sql), &params).await
    }

    fn offset(&self, row: &Row) -> Result<u64> {
        let text: &str = row.get(0);
        text.parse().map_err(|_| self.damaged(format!("{text} is no offset")))
    }

    fn parked(&self, row: &Row) -> Result<ParkedEvent> {
        let offset = self.offset(row)?;
        let wire = Bytes::copy_from_slice(row.get(6));
        let parcel = Parcel::from_wire(wire).map_err(|error| {
            self.damaged(format!("the parked event {offset} is no event: {error}"))
        })?;
        let mut parked = ParkedEvent::new(Event::new(offset, parcel), row.get::<_, String>(5));
        parked.replaying = row.get::<_, &str>(1) == "replaying";
        parked.attempts = attempts(row.get(2));
        parked.first_failed_at = time(row.get(3));
        parked.last_failed_at = time(row.get(4));
        Ok(parked)
    }

    fn damaged(&self, problem: String) -> PostgresError {
        PostgresError::DamagedTables { server: self.schema.server.to_string(), problem }
    }
}

fn attempts(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

/// Of microseconds since 1970. A clock that stands before that is wrong anyway.
fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
