//! Which events are wanted, decided without decoding them.

use std::collections::BTreeSet;

use eventstream_core::{EventTypes, Parcel};
use rusqlite::Connection;

use super::chunk::{self, Chunk};

/// Which events are wanted.
#[derive(Debug)]
pub(super) enum Filter {
    All,
    /// By the numbers of their types.
    Types(BTreeSet<u32>),
    Source {
        hash: u64,
        handler_key: String,
        instance_id: String,
    },
}

impl Filter {
    /// The filter for types, and where the events are that it knows the types of: those that are
    /// committed now.
    pub(super) fn for_types(connection: &Connection, types: &EventTypes) -> rusqlite::Result<Self> {
        let Some(names) = types.names() else {
            return Ok(Self::All);
        };
        let mut ids = BTreeSet::new();
        let mut find = connection.prepare_cached("SELECT id FROM type WHERE name = ?1")?;
        for name in names {
            let mut rows = find.query([name.as_str()])?;
            if let Some(row) = rows.next()? {
                ids.insert(row.get(0)?);
            }
        }
        Ok(Self::Types(ids))
    }

    /// Whether a chunk can have events that match, by its lists.
    pub(super) fn may_match(&self, types: &[u8], sources: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Types(ids) => chunk::types(types).any(|(id, _)| ids.contains(&id)),
            Self::Source { hash, .. } => chunk::sources(sources).any(|found| found == *hash),
        }
    }

    /// Which of a chunk's types or sources, by their index, match.
    pub(super) fn matching(&self, chunk: &Chunk) -> Vec<bool> {
        match self {
            Self::All => Vec::new(),
            Self::Types(ids) => chunk.type_index(|id| ids.contains(&id)),
            Self::Source { hash, .. } => chunk.source_index(*hash),
        }
    }

    pub(super) fn index_matches(&self, chunk: &Chunk, matching: &[bool], event: usize) -> bool {
        let (event_type, source) = chunk.indexes(event);
        let index = match self {
            Self::All => return true,
            Self::Types(_) => event_type,
            Self::Source { .. } => source,
        };
        matching.get(index) == Some(&true)
    }

    /// Whether an event matches whose index does: two sources can have one hash.
    pub(super) fn matches(&self, parcel: &Parcel) -> bool {
        match self {
            Self::All | Self::Types(_) => true,
            Self::Source { handler_key, instance_id, .. } => {
                parcel.source_handler().is_some_and(|handler| handler.key == *handler_key)
                    && parcel.source_instance_id() == instance_id
            }
        }
    }
}
