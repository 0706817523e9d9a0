use super::codec::{Put, Take};

/// Which types and sources are in a chunk, and which of its events have them: to find events
/// without unpacking the chunk. Hashes are cut short: what is found is compared by name.
#[derive(Clone, Copy)]
pub(crate) struct ChunkIndex<'a> {
    types: Groups<'a>,
    sources: Groups<'a>,
}

#[derive(Clone, Copy)]
struct Groups<'a> {
    /// A hash (4) and the number of events that have it (2).
    groups: &'a [[u8; 6]],
    /// The numbers of the events, group by group.
    events: &'a [u8],
}

impl<'a> ChunkIndex<'a> {
    /// The bytes of an index of events with these types and sources.
    pub(crate) fn encode(types: &[u64], sources: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        for (place, hashes) in [(4, types), (6, sources)] {
            let groups = put_groups(&mut bytes, hashes);
            bytes[place..place + 2].copy_from_slice(&low_u16(groups).to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[4..]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The index in bytes, if they are right.
    pub(crate) fn decode(bytes: &'a [u8], count: u32) -> Option<Self> {
        let mut take = Take(bytes);
        let checksum = take.u32()?;
        if crc32c::crc32c(take.0) != checksum {
            return None;
        }
        let (types, sources) = (take.u16()?, take.u16()?);
        let mut groups = |groups: u16| {
            let groups = take.bytes(usize::from(groups) * 6)?.as_chunks().0;
            Some(Groups { groups, events: take.bytes(count as usize)? })
        };
        Some(Self { types: groups(types)?, sources: groups(sources)? })
    }

    /// Adds the numbers of the events that may have one of these types.
    pub(crate) fn with_types(&self, hashes: &[u64], found: &mut Vec<u8>) {
        self.types.find(hashes, found);
    }

    /// Adds the numbers of the events that may have one of these sources.
    pub(crate) fn with_sources(&self, hashes: &[u64], found: &mut Vec<u8>) {
        self.sources.find(hashes, found);
    }
}

impl Groups<'_> {
    /// Adds the numbers of the events with one of these hashes, which are sorted, in order.
    fn find(&self, hashes: &[u64], found: &mut Vec<u8>) {
        let before = found.len();
        let mut rest = self.events;
        let mut groups = 0;
        for [a, b, c, d, e, f] in self.groups {
            let hash = u32::from_le_bytes([*a, *b, *c, *d]);
            let count = usize::from(u16::from_le_bytes([*e, *f]));
            let (events, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let is_wanted = match hashes {
                [one] => short(*one) == hash,
                many => many.binary_search_by_key(&hash, |hash| short(*hash)).is_ok(),
            };
            if is_wanted {
                found.extend_from_slice(events);
                groups += 1;
            }
            rest = others;
        }
        if groups > 1 {
            found[before..].sort_unstable();
        }
    }
}

/// The hash as an index has it: its upper half, so that the order of hashes is theirs.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

/// Adds the groups of events with these hashes, in the order of the hashes; returns how many.
fn put_groups(bytes: &mut Vec<u8>, hashes: &[u64]) -> usize {
    let mut events: Vec<(u32, u8)> =
        hashes.iter().map(|hash| short(*hash)).zip(0..=u8::MAX).collect();
    events.sort_unstable();
    let mut groups = 0;
    for group in events.chunk_by(|(one, _), (other, _)| one == other) {
        bytes.put_u32(group[0].0);
        bytes.put_u16(low_u16(group.len()));
        groups += 1;
    }
    bytes.extend(events.iter().map(|(_, event)| event));
    groups
}

/// A number of events of a chunk, of which there are 256 at most.
fn low_u16(number: usize) -> u16 {
    u16::try_from(number).expect("a chunk has 256 events at most")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_events_by_type_and_by_source() {
        let types: Vec<u64> = (0..256).map(|n| (n % 7) << 32).collect();
        let sources: Vec<u64> = (0..256).map(|n| (n / 100) << 32).collect();
        let bytes = ChunkIndex::encode(&types, &sources);
        let index = ChunkIndex::decode(&bytes, 256).unwrap();
        let mut found = Vec::new();
        index.with_types(&[3 << 32], &mut found);
        assert!(found.iter().all(|n| n % 7 == 3) && found.len() == 37, "{found:?}");
        found.clear();
        index.with_types(&[1 << 32, 2 << 32, 9 << 32], &mut found);
        let expected: Vec<u8> = (0..=255).filter(|n| matches!(n % 7, 1 | 2)).collect();
        assert_eq!(found, expected);
        found.clear();
        index.with_sources(&[2 << 32], &mut found);
        assert_eq!(found, (200..=255).collect::<Vec<u8>>());
        found.clear();
        index.with_sources(&[77 << 32], &mut found);
        assert!(found.is_empty());
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 2;
            assert!(ChunkIndex::decode(&bytes, 256).is_none(), "byte {at}");
        }
    }
}
