//! Truncating: first the head moves, which is all that a reader sees; what lies below it is removed
//! in small steps, between which others can append.

use eventstream_core::Error;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    chunk::Row,
    commit::Outcome,
    error::Failure,
    schema::{Charter, Head},
};

/// Chunks that are removed in one transaction …
const CHUNKS: u32 = 16;
/// … and pages that are given back.
const PAGES: u32 = 256;

/// What a step of the removal has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Goes,
    Done,
}

/// Moves the head. What lies below `before` can't be read any more, and is to be removed.
pub(super) fn truncate(
    connection: &Connection,
    charter: &Charter,
    before: u64,
) -> Result<Outcome<()>, Failure> {
    let head = Head::read(connection)?;
    let next = charter.absolute(head.next);
    if before > next {
        return Ok(Err(Error::PastTheEnd { requested: before, next }));
    }
    let before = charter.relative(before);
    if before > head.oldest {
        Head { oldest: before, ..head }.write(connection)?;
    }
    Ok(Ok(()))
}

/// Whether there are chunks below the head, or pages that hold nothing any more.
pub(super) fn is_anything_left(connection: &Connection) -> Result<bool, Failure> {
    let Head { oldest, .. } = Head::read(connection)?;
    let end: Option<i64> = connection
        .prepare_cached("SELECT first + count FROM chunk ORDER BY first LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(end.is_some_and(|end| end <= oldest) || free_pages(connection)? > 0)
}

/// Removes some of what lies below the head.
pub(super) fn remove_some(connection: &Connection, charter: &Charter) -> Result<Removal, Failure> {
    let Head { oldest, .. } = Head::read(connection)?;
    let mut removed = Vec::new();
    let mut chunks = connection.prepare_cached(&format!(
        "SELECT {} FROM chunk WHERE first + count <= ?1 AND first < ?1 ORDER BY first LIMIT ?2",
        Row::COLUMNS
    ))?;
    let mut rows = chunks.query(params![oldest, CHUNKS])?;
    let mut forget =
        connection.prepare_cached("DELETE FROM message WHERE hash = ?1 AND position = ?2")?;
    while let Some(row) = rows.next()? {
        let row = Row::read(row)?;
        let (first, end) = (row.first, row.first.saturating_add(row.count.into()));
        removed.push(first);
        let mut ids = Vec::new();
        if let Ok(chunk) = row.check() {
            for position in first..end {
                if let Some(event) = chunk.event_at(position)
                    && let Ok(parcel) = chunk.parcel(event)
                {
                    ids.push((charter.hash_message_id(parcel.message_id()), position));
                }
            }
        } else {
            // What is damaged can't say which ids go with it. They have to be searched for.
            connection.execute(
                "DELETE FROM message WHERE position BETWEEN ?1 AND ?2",
                [first, end - 1],
            )?;
        }
        for (hash, position) in ids {
            forget.execute([hash, position])?;
        }
    }
    let mut remove = connection.prepare_cached("DELETE FROM chunk WHERE first = ?1")?;
    for first in &removed {
        remove.execute([first])?;
    }
    Ok(if removed.is_empty() { Removal::Done } else { Removal::Goes })
}

/// Gives some of the pages that hold nothing any more back to the file system.
pub(super) fn give_back_space(connection: &Connection) -> rusqlite::Result<Removal> {
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut steps = vacuum.query([])?;
    // A step for each page.
    while steps.next()?.is_some() {}
    Ok(if free_pages(connection)? == 0 { Removal::Done } else { Removal::Goes })
}

fn free_pages(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "freelist_count", |row| row.get(0))
}
