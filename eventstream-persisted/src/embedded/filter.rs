//! Which events are wanted, decided without decoding them.

use std::collections::BTreeSet;

use eventstream_core::{EventTypes, Parcel};

use super::{
    chunk::{Chunk, Index},
    schema::Charter,
};

#[derive(Debug)]
pub(super) enum Filter {
    All,
    Types { types: EventTypes, hashes: BTreeSet<u64> },
    Source { hash: u64, handler_key: String, instance_id: String },
}

impl Filter {
    pub(super) fn for_types(charter: &Charter, types: EventTypes) -> Self {
        match types.names() {
            None => Self::All,
            Some(names) => {
                let hashes = names.iter().map(|name| charter.hash_type(name.as_str())).collect();
                Self::Types { types, hashes }
            }
        }
    }

    pub(super) fn for_source(charter: &Charter, handler_key: &str, instance_id: &str) -> Self {
        Self::Source {
            hash: charter.hash_source(handler_key, instance_id),
            handler_key: handler_key.to_owned(),
            instance_id: instance_id.to_owned(),
        }
    }

    /// Whether a chunk can have events that match.
    pub(super) fn may_match(&self, index: Index<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Types { hashes, .. } => index.types().any(|(hash, _)| hashes.contains(&hash)),
            Self::Source { hash, .. } => index.sources().any(|found| found == *hash),
        }
    }

    /// Which of a chunk's types or sources, by their place in its index, match.
    pub(super) fn matching(&self, chunk: &Chunk) -> Vec<bool> {
        let index = chunk.index();
        match self {
            Self::All => Vec::new(),
            Self::Types { hashes, .. } => {
                index.types().map(|(hash, _)| hashes.contains(&hash)).collect()
            }
            Self::Source { hash, .. } => index.sources().map(|found| found == *hash).collect(),
        }
    }

    /// Whether the type or source of one of the chunk's events does.
    pub(super) fn place_matches(&self, chunk: &Chunk, matching: &[bool], event: usize) -> bool {
        let (event_type, source) = chunk.places(event);
        let place = match self {
            Self::All => return true,
            Self::Types { .. } => event_type,
            Self::Source { .. } => source,
        };
        matching.get(place) == Some(&true)
    }

    /// Whether an event matches whose hash does.
    pub(super) fn matches(&self, parcel: &Parcel) -> bool {
        match self {
            Self::All => true,
            Self::Types { types, .. } => types.contains(parcel.event_type()),
            Self::Source { handler_key, instance_id, .. } => {
                parcel.source_handler().is_some_and(|handler| handler.key == *handler_key)
                    && parcel.source_instance_id() == instance_id
            }
        }
    }
}
