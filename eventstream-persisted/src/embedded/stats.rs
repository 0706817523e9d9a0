use std::collections::{BTreeMap, HashMap};

use eventstream_core::EventType;
use rusqlite::Connection;

use super::{
    chunk::{Index, Row},
    error::Failure,
    schema::{Charter, Head},
};

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

/// Counts events by type, out of the chunks' indexes: nothing is counted while appending, so that a
/// commit writes no more than it has to.
pub(super) fn events_by_type(
    connection: &Connection,
    charter: &Charter,
    head: Head,
) -> Result<BTreeMap<EventType, u64>, Failure> {
    let mut counts: HashMap<u64, u64> = HashMap::new();
    let mut chunks = connection.prepare("SELECT first, count, summary FROM chunk")?;
    let mut rows = chunks.query([])?;
    while let Some(row) = rows.next()? {
        let summary = row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?;
        // Reading names what is damaged; here it does not count.
        let Ok(index) = Index::check(row.get(0)?, row.get(1)?, summary) else { continue };
        for (hash, count) in index.types() {
            *counts.entry(hash).or_default() += u64::from(count);
        }
    }
    // What is truncated may not have been removed yet.
    let columns = Row::COLUMNS;
    let mut first = connection.prepare(&format!("SELECT {columns} FROM chunk WHERE first < ?1"))?;
    let mut rows = first.query([head.oldest])?;
    while let Some(row) = rows.next()? {
        let Ok(chunk) = Row::read(row)?.check() else { continue };
        let gone = (chunk.first()..head.oldest).map_while(|position| chunk.event_at(position));
        for hash in gone.filter_map(|event| chunk.type_hash(event)) {
            if let Some(count) = counts.get_mut(&hash) {
                *count = count.saturating_sub(1);
            }
        }
    }
    let mut names = connection.prepare("SELECT name FROM type")?;
    let names = names.query_map([], |row| row.get::<_, String>(0))?;
    let mut by_type = BTreeMap::new();
    for name in names {
        let name = name?;
        if let Some(count) = counts.get(&charter.hash_type(&name)).filter(|count| **count > 0) {
            by_type.insert(EventType::from(name), *count);
        }
    }
    Ok(by_type)
}
