use eventstream_core::{Identity, Incarnation};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{
    SqliteConsumerKind, SqliteError,
    fault::Fault,
    link::Link,
    stored::{Offset, StoredIncarnation, Time},
};

/// A stream as one consumer knows it: which row of `eventstream_consumers` is its own.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) source: Identity,
    /// What the stream says of itself, if it was asked.
    pub(super) incarnation: Option<Incarnation>,
}

/// The place of a consumer in a stream.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) incarnation: Option<Incarnation>,
    pub(super) application_name: String,
}

/// What a consumer does in `eventstream_consumers`.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) consumer: String,
    pub(super) kind: SqliteConsumerKind,
}

impl Places {
    /// The consumer's place, if it has begun.
    pub(super) fn load(&self, sql: &Connection, source: &Identity) -> Result<Option<Place>, Fault> {
        let mut statement = sql.prepare_cached(
            "SELECT kind, next_offset, incarnation, application_name FROM eventstream_consumers
             WHERE consumer = ?1 AND application_key = ?2",
        )?;
        let found = statement
            .query_row((&self.consumer, &source.key), |row| Ok((kind(row, 0)?, place(row)?)))
            .optional()?;
        match found {
            Some((found, _)) if found != self.kind => Err(SqliteError::OtherKind {
                consumer: self.consumer.clone(),
                application: source.clone(),
                found,
                wanted: self.kind,
            }
            .into()),
            found => Ok(found.map(|(_, place)| place)),
        }
    }

    /// Checks that the consumer's place is one of this stream, and notes what the stream says of
    /// itself beside it.
    pub(super) fn begin(&self, link: &Link, stream: &Stream) -> Result<(), Fault> {
        let Some(place) = self.load(link.sql(), &stream.source)? else {
            // To be stored with the first offset.
            return Ok(());
        };
        match (place.incarnation, stream.incarnation) {
            (Some(known), Some(found)) if known != found => Err(SqliteError::OtherIncarnation {
                consumer: self.consumer.clone(),
                application: stream.source.clone(),
                known,
                found,
            }
            .into()),
            (None, Some(_)) => link.write(|sql| Ok(self.describe(sql, stream)?)),
            _ if place.application_name != stream.source.name => {
                link.write(|sql| Ok(self.describe(sql, stream)?))
            }
            _ => Ok(()),
        }
    }

    /// Moves the consumer from `offset`, if it is there, to `next`. Returns whether it was.
    pub(super) fn advance(
        &self,
        sql: &Connection,
        stream: &Stream,
        offset: u64,
        next: u64,
    ) -> rusqlite::Result<bool> {
        // Who has no place is at the beginning.
        let mut statement = sql.prepare_cached(if offset == 0 {
            "INSERT INTO eventstream_consumers AS it (consumer, application_key, application_name,
                 kind, next_offset, incarnation, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?6, ?7, ?8)
             ON CONFLICT (consumer, application_key) DO UPDATE
             SET application_name = ?3, next_offset = ?6,
                 incarnation = coalesce(it.incarnation, ?7), updated_at = ?8
             WHERE it.kind = ?4 AND it.next_offset = ?5
                 AND (it.incarnation = ?7 OR it.incarnation IS NULL OR ?7 IS NULL)"
        } else {
            "UPDATE eventstream_consumers
             SET application_name = ?3, next_offset = ?6,
                 incarnation = coalesce(incarnation, ?7), updated_at = ?8
             WHERE consumer = ?1 AND application_key = ?2 AND kind = ?4 AND next_offset = ?5
                 AND (incarnation = ?7 OR incarnation IS NULL OR ?7 IS NULL)"
        })?;
        let moved = statement.execute((
            &self.consumer,
            &stream.source.key,
            &stream.source.name,
            self.kind.name(),
            Offset(offset),
            Offset(next),
            stream.incarnation.map(StoredIncarnation),
            Time::now(),
        ))?;
        Ok(moved == 1)
    }

    /// Gives a consumer that has no place one. Returns whether it had none.
    pub(super) fn begin_at(
        &self,
        sql: &Connection,
        stream: &Stream,
        offset: u64,
    ) -> rusqlite::Result<bool> {
        let mut statement = sql.prepare_cached(
            "INSERT INTO eventstream_consumers (consumer, application_key, application_name, kind,
                 next_offset, incarnation, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (consumer, application_key) DO NOTHING",
        )?;
        let inserted = statement.execute((
            &self.consumer,
            &stream.source.key,
            &stream.source.name,
            self.kind.name(),
            Offset(offset),
            stream.incarnation.map(StoredIncarnation),
            Time::now(),
        ))?;
        Ok(inserted == 1)
    }

    /// Notes what the stream says of itself, beside the place that there is.
    pub(super) fn describe(&self, sql: &Connection, stream: &Stream) -> rusqlite::Result<()> {
        let mut statement = sql.prepare_cached(
            "UPDATE eventstream_consumers
             SET application_name = ?3, incarnation = coalesce(incarnation, ?4)
             WHERE consumer = ?1 AND application_key = ?2",
        )?;
        statement
            .execute((
                &self.consumer,
                &stream.source.key,
                &stream.source.name,
                stream.incarnation.map(StoredIncarnation),
            ))
            .map(drop)
    }

    /// Puts the consumer from one place, with this very incarnation, to another. Returns whether it
    /// was there.
    pub(super) fn replace(
        &self,
        sql: &Connection,
        source: &Identity,
        (offset, incarnation): (u64, Option<Incarnation>),
        (next, next_incarnation): (u64, Option<Incarnation>),
    ) -> rusqlite::Result<bool> {
        let mut statement = sql.prepare_cached(
            "UPDATE eventstream_consumers SET application_name = ?3, next_offset = ?6,
                 incarnation = ?7, updated_at = ?8
             WHERE consumer = ?1 AND application_key = ?2 AND kind = ?9
                 AND next_offset = ?4 AND incarnation IS ?5",
        )?;
        let updated = statement.execute((
            &self.consumer,
            &source.key,
            &source.name,
            Offset(offset),
            incarnation.map(StoredIncarnation),
            Offset(next),
            next_incarnation.map(StoredIncarnation),
            Time::now(),
            self.kind.name(),
        ))?;
        Ok(updated == 1)
    }
}

/// Reads a column that says the kind of a consumer.
pub(super) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<SqliteConsumerKind> {
    let name = row.get_ref(column)?.as_str()?;
    SqliteConsumerKind::of_name(name).ok_or_else(|| {
        let problem = format!("there is a consumer of the kind {name:?}");
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            problem.into(),
        )
    })
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    let incarnation: Option<StoredIncarnation> = row.get(2)?;
    Ok(Place {
        offset: row.get::<_, Offset>(1)?.0,
        incarnation: incarnation.map(|stored| stored.0),
        application_name: row.get(3)?,
    })
}
