//! What is written in one transaction.

use std::{collections::HashSet, ops::Range};

use eventstream_core::{Error, Expect, Parcel};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    chunk::{self, Chunk, Record, Row},
    error::Failure,
    schema::{Charter, Head},
};

/// What a caller gets to hear if the transaction is committed.
pub(super) type Outcome<T> = eventstream_core::Result<T>;

/// The event types whose names are known to be stored.
#[derive(Debug, Default)]
pub(super) struct Types(HashSet<u64>);

/// So many names are remembered; then it begins anew.
const MAX_TYPES: usize = 10_000;

/// Appends that will be committed together.
pub(super) struct Commit<'a> {
    connection: &'a Connection,
    charter: &'a Charter,
    types: &'a mut Types,
    head: Head,
    /// What is appended, from `head.next` on.
    records: Vec<Record>,
    /// The chunk that was looked into last.
    looked_into: Option<Chunk>,
}

impl<'a> Commit<'a> {
    pub(super) fn begin(
        connection: &'a Connection,
        charter: &'a Charter,
        types: &'a mut Types,
    ) -> Result<Self, Failure> {
        let head = Head::read(connection)?;
        head.check(connection, charter)?;
        Ok(Self { connection, charter, types, head, records: Vec::new(), looked_into: None })
    }

    /// Appends parcels after those that are here, or says why they can't be, in which case nothing
    /// has changed.
    pub(super) fn append(
        &mut self,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> Result<Outcome<Range<u64>>, Failure> {
        if let Some(outcome) = self.repetition(&parcels)? {
            return Ok(outcome);
        }
        let first = self.next();
        let actual = self.charter.absolute(first);
        if let Expect::Offset(expected) = expect
            && expected != actual
        {
            return Ok(Err(Error::OffsetConflict { expected, actual }));
        }
        let Some(next) = actual.checked_add(parcels.len() as u64) else {
            return Ok(Err(Error::backend("append", false, "the store has no offsets left")));
        };
        for (parcel, position) in parcels.into_iter().zip(first..) {
            self.insert(parcel, position)?;
        }
        Ok(Ok(actual..next))
    }

    /// Writes what was appended; returns the position of the first, and all of it.
    pub(super) fn finish(self) -> Result<(i64, Vec<Parcel>), Failure> {
        let (first, next) = (self.head.next, self.next());
        let mut rest = &self.records[..];
        let mut position = first;
        let mut insert =
            self.connection.prepare_cached("INSERT INTO chunk VALUES (?1, ?2, ?3, ?4)")?;
        while !rest.is_empty() {
            let (records, others) = rest.split_at(chunk::fill(rest));
            let Row { first, count, index, body } = Row::encode(position, records);
            insert.execute(params![first, count, &index[..], &body[..]])?;
            position += i64::from(count);
            rest = others;
        }
        if next > first {
            Head { next, ..self.head }.write(self.connection)?;
        }
        Ok((first, self.records.into_iter().map(|record| record.parcel).collect()))
    }

    fn next(&self) -> i64 {
        self.head.next.saturating_add_unsigned(self.records.len() as u64)
    }

    /// The range that parcels were given before, if this append is a repetition; an error if it is
    /// one in part.
    fn repetition(&mut self, parcels: &[Parcel]) -> Result<Option<Outcome<Range<u64>>>, Failure> {
        let mut first_known = None;
        let mut run = None;
        let mut is_run = true;
        for (parcel, n) in parcels.iter().zip(0..) {
            let found = self.find(parcel.message_id())?;
            if let (None, Some(position)) = (&first_known, found) {
                first_known = Some((parcel.message_id(), position));
            }
            if n == 0 {
                run = found;
            }
            is_run &= found.is_some() && found == run.map(|first| first + n);
        }
        let Some((message_id, position)) = first_known else {
            return Ok(None);
        };
        let offset = self.charter.absolute(position);
        if is_run {
            return Ok(Some(Ok(offset..offset + parcels.len() as u64)));
        }
        Ok(Some(Err(Error::DuplicateMessage { message_id: message_id.to_owned(), offset })))
    }

    /// Where a message is.
    fn find(&mut self, message_id: &str) -> Result<Option<i64>, Failure> {
        let hash = self.charter.hash_message_id(message_id);
        let candidates = self
            .connection
            .prepare_cached("SELECT position FROM message WHERE hash = ?1")?
            .query_map([hash], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        for position in candidates {
            // Truncated, and not removed yet: its id may be used again.
            if position < self.head.oldest {
                continue;
            }
            if self.has_id(position, message_id)? {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// Two ids can have one hash: the event says which it is.
    fn has_id(&mut self, position: i64, message_id: &str) -> Result<bool, Failure> {
        if let Ok(pending) = usize::try_from(position - self.head.next) {
            return Ok(self
                .records
                .get(pending)
                .is_some_and(|record| record.parcel.message_id() == message_id));
        }
        let holds = |chunk: &Chunk| chunk.event_at(position).is_some();
        if !self.looked_into.as_ref().is_some_and(holds) {
            self.looked_into = self
                .connection
                .prepare_cached(&format!(
                    "SELECT {} FROM chunk WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
                    Row::COLUMNS
                ))?
                .query_row([position], Row::read)
                .optional()?
                .and_then(|row| row.check().ok());
        }
        // A damaged chunk can't say what it held: the hash alone is taken for the answer, so that
        // nothing that may be there is appended again.
        Ok(self
            .looked_into
            .as_ref()
            .and_then(|chunk| chunk.event_at(position).map(|event| (chunk, event)))
            .and_then(|(chunk, event)| chunk.parcel(event).ok())
            .is_none_or(|parcel| parcel.message_id() == message_id))
    }

    fn insert(&mut self, parcel: Parcel, position: i64) -> Result<(), Failure> {
        let hash = self.charter.hash_message_id(parcel.message_id());
        self.connection
            .prepare_cached("INSERT INTO message VALUES (?1, ?2)")?
            .execute([hash, position])?;
        let type_hash = self.charter.hash_type(parcel.event_type());
        self.types.note(self.connection, type_hash, parcel.event_type())?;
        let handler_key = parcel.source_handler().map_or("", |handler| handler.key);
        let source_hash = self.charter.hash_source(handler_key, parcel.source_instance_id());
        self.records.push(Record { parcel, type_hash, source_hash });
        Ok(())
    }
}

impl Types {
    /// Stores the name of a type, if it is not known to be there.
    fn note(&mut self, connection: &Connection, hash: u64, name: &str) -> Result<(), Failure> {
        if self.0.contains(&hash) {
            return Ok(());
        }
        connection
            .prepare_cached("INSERT INTO type VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([name])?;
        if self.0.len() >= MAX_TYPES {
            self.0.clear();
        }
        self.0.insert(hash);
        Ok(())
    }
}
