use eventstream_core::{EventTypes, Parcel};

use crate::embedded::layout::{Charter, ChunkIndex, Entry};

/// Which events are wanted, decided without decoding them.
#[derive(Debug)]
pub(crate) enum Filter {
    All,
    Types { types: EventTypes, hashes: Vec<u64> },
    Source { hash: u64, handler_key: String, instance_id: String },
}

impl Filter {
    pub(crate) fn for_types(charter: &Charter, types: EventTypes) -> Self {
        let Some(names) = types.names() else {
            return Self::All;
        };
        let mut hashes: Vec<_> =
            names.iter().map(|name| charter.hash_type(name.as_str())).collect();
        hashes.sort_unstable();
        Self::Types { types, hashes }
    }

    pub(crate) fn for_source(charter: &Charter, handler_key: &str, instance_id: &str) -> Self {
        Self::Source {
            hash: charter.hash_source(handler_key, instance_id),
            handler_key: handler_key.to_owned(),
            instance_id: instance_id.to_owned(),
        }
    }

    pub(crate) fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether an event in a log can match.
    pub(crate) fn may_match(&self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Types { hashes, .. } => match hashes[..] {
                [one] => one == entry.event_type,
                _ => hashes.binary_search(&entry.event_type).is_ok(),
            },
            Self::Source { hash, .. } => *hash == entry.source,
        }
    }

    /// Adds the numbers of a chunk's events that can match; not for all events.
    pub(crate) fn find(&self, index: ChunkIndex<'_>, found: &mut Vec<u8>) {
        match self {
            Self::All => {}
            Self::Types { hashes, .. } => index.with_types(hashes, found),
            Self::Source { hash, .. } => index.with_sources(&[*hash], found),
        }
    }

    /// Whether an event matches whose hash does.
    pub(crate) fn matches(&self, parcel: &Parcel) -> bool {
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
