//! Reading a page of events out of the table of chunks.

use bytes::Bytes;
use eventstream_core::{Error, Event, Parcel};
use rusqlite::{Connection, params};

use super::{
    chunk::{Damage, Index, Row},
    error::{EmbeddedStoreError, Failure},
    filter::Filter,
    schema::{Charter, Head},
};

/// A page has at most so many events and bytes, give or take the chunk that reaches the bound …
const PAGE_EVENTS: usize = 4 * 1024;
const PAGE_BYTES: usize = 1024 * 1024;
/// … and looks at so many chunks at most, so that a long way without a match can be broken off.
const PAGE_CHUNKS: u32 = 32;

/// Part of the way through a store.
pub(super) struct Page {
    pub(super) events: Vec<Event>,
    /// All below it was looked at.
    pub(super) position: u64,
}

/// Reads a page from `position` on, up to `end`.
pub(super) fn read_page(
    transaction: &Connection,
    charter: &Charter,
    filter: &Filter,
    position: u64,
    end: u64,
) -> Result<eventstream_core::Result<Page>, Failure> {
    let oldest = charter.absolute(Head::read(transaction)?.oldest);
    if position < oldest {
        return Ok(Err(Error::Truncated { requested: position, oldest }));
    }
    let mut reading = Reading {
        charter,
        filter,
        position: charter.relative(position),
        end: charter.relative(end),
        events: Vec::new(),
        bytes: 0,
    };
    let mut chunks = transaction.prepare_cached(&format!(
        "SELECT {} FROM chunk
         WHERE first >= coalesce((SELECT max(first) FROM chunk WHERE first <= ?1), ?1)
         AND first < ?2
         ORDER BY first LIMIT ?3",
        Row::COLUMNS
    ))?;
    let mut rows = chunks.query(params![reading.position, reading.end, PAGE_CHUNKS])?;
    let mut looked_at = 0;
    let start = reading.position;
    while !reading.is_full() {
        let taken = match rows.next()? {
            Some(row) => reading.take(row, looked_at == 0),
            // There are no more, so it has to be at the end.
            None if looked_at < PAGE_CHUNKS => reading.expect(reading.end).map_err(Failure::from),
            None => break,
        };
        match taken {
            Ok(()) => looked_at += 1,
            // What lies before the damage can be read; the next page begins with it.
            Err(_) if reading.position > start => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(Ok(Page { position: charter.absolute(reading.position), events: reading.events }))
}

struct Reading<'a> {
    charter: &'a Charter,
    filter: &'a Filter,
    /// All below it was looked at.
    position: i64,
    end: i64,
    events: Vec<Event>,
    bytes: usize,
}

impl Reading<'_> {
    fn is_full(&self) -> bool {
        self.position >= self.end || self.events.len() >= PAGE_EVENTS || self.bytes >= PAGE_BYTES
    }

    /// Looks at a row. Only the first of a page may begin before the position.
    fn take(&mut self, row: &rusqlite::Row<'_>, is_first: bool) -> Result<(), Failure> {
        let (first, count): (i64, u32) = (row.get(0)?, row.get(1)?);
        if first > self.position {
            self.expect(first)?;
        }
        let end = first.saturating_add(count.into());
        let damaged = |problem| self.damaged(first.max(self.position), end, problem);
        if first < self.position && !is_first {
            return Err(damaged("they are there twice").into());
        }
        let summary = row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?;
        let index = Index::check(first, count, summary).map_err(damaged)?;
        let next = end.min(self.end);
        if next <= self.position {
            return Ok(());
        }
        if self.filter.may_match(index) {
            let row = Row::read(row)?;
            self.slice(row, next).map_err(|problem| self.damaged(first, end, problem))?;
        }
        self.position = next;
        Ok(())
    }

    /// Takes the events that match, from the position up to `next`, out of a chunk.
    fn slice(&mut self, row: Row, next: i64) -> Result<(), Damage> {
        let chunk = row.check()?;
        let matching = self.filter.matching(&chunk);
        let mut found = Vec::new();
        for (event, position) in (chunk.first()..next).enumerate() {
            if position < self.position || !self.filter.place_matches(&chunk, &matching, event) {
                continue;
            }
            let parcel = chunk.parcel(event)?;
            if self.filter.matches(&parcel) {
                found.push(Event::new(self.charter.absolute(position), parcel));
            }
        }
        let bytes = found.iter().map(|event| event.parcel.wire().len()).sum::<usize>();
        // An event keeps all of its chunk in memory: a few of many are copied out.
        if bytes * 4 < chunk.size() {
            for event in &mut found {
                let wire = Bytes::copy_from_slice(event.parcel.wire());
                event.parcel =
                    Parcel::from_trusted_wire(wire).map_err(|_| "an event is no envelope")?;
            }
            self.bytes += bytes;
        } else {
            self.bytes += chunk.size();
        }
        self.events.append(&mut found);
        Ok(())
    }

    /// Every event below `next` is to be looked at: there can be no gap.
    fn expect(&self, next: i64) -> Result<(), EmbeddedStoreError> {
        if self.position < next {
            return Err(self.damaged(self.position, next, "they are missing"));
        }
        Ok(())
    }

    fn damaged(&self, first: i64, next: i64, problem: Damage) -> EmbeddedStoreError {
        EmbeddedStoreError::Damaged {
            first: self.charter.absolute(first),
            last: self.charter.absolute(next - 1),
            problem,
        }
    }
}
