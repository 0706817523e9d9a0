use std::collections::{BTreeMap, HashMap};

use eventstream_core::EventType;
use rusqlite::Connection;

use super::{chunk, commit::read_row, error::Failure, schema::Head};

/// What is in an [`EmbeddedStore`](crate::EmbeddedStore).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStats {
    /// The offset of the oldest event that is there; that of the next one if there is none.
    pub first_offset: u64,
    /// The offset that the next event will get.
    pub next_offset: u64,
    /// How many events of each type are there.
    pub events_by_type: BTreeMap<EventType, u64>,
    /// The size of the store's files.
    pub bytes: u64,
}

/// Counts events by type, out of the chunks' lists: nothing is counted while appending, so that a
/// commit writes no more than it has to.
pub(super) fn events_by_type(
    connection: &Connection,
    head: Head,
) -> Result<BTreeMap<EventType, u64>, Failure> {
    let mut counts: HashMap<u32, u64> = HashMap::new();
    let mut lists = connection.prepare("SELECT types FROM chunk")?;
    let mut rows = lists.query([])?;
    while let Some(row) = rows.next()? {
        let list = row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?;
        for (id, count) in chunk::types(list) {
            *counts.entry(id).or_default() += u64::from(count);
        }
    }
    // Of the first chunk some events may be truncated. One that is damaged counts as whole.
    let mut first = connection
        .prepare("SELECT first, count, types, sources, body FROM chunk WHERE first < ?1")?;
    let mut rows = first.query([head.oldest])?;
    while let Some(row) = rows.next()? {
        let Ok(chunk) = read_row(row)?.check() else { continue };
        let gone = (chunk.first()..head.oldest).map_while(|position| chunk.event_at(position));
        for id in gone.filter_map(|event| chunk.type_id(event)) {
            if let Some(count) = counts.get_mut(&id) {
                *count = count.saturating_sub(1);
            }
        }
    }
    let mut names = connection.prepare("SELECT id, name FROM type")?;
    let names = names.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let mut by_type = BTreeMap::new();
    for name in names {
        let (id, name) = name?;
        if let Some(count) = counts.get(&id).filter(|count| **count > 0) {
            by_type.insert(EventType::from(name), *count);
        }
    }
    Ok(by_type)
}
