use super::Damage;

const FORM: u8 = 1;
const HEADER: usize = 12;
const TYPE: usize = 12;
const SOURCE: usize = 8;

/// What is in a chunk, without looking into it: an index that was checked.
#[derive(Clone, Copy)]
pub(in super::super) struct Index<'a> {
    types: &'a [[u8; TYPE]],
    sources: &'a [[u8; SOURCE]],
}

impl<'a> Index<'a> {
    /// Checks the index of a row.
    pub(in super::super) fn check(first: i64, count: u32, bytes: &'a [u8]) -> Result<Self, Damage> {
        let stored = bytes.first_chunk::<4>().ok_or("the index is too short")?;
        if *stored != checksum(first, count, bytes) {
            return Err("the checksum of the index does not match");
        }
        if bytes.get(4) != Some(&FORM) {
            return Err("the index has an unknown form");
        }
        let index = Self::of_checked(bytes);
        let events: u64 = index.types().map(|(_, events)| u64::from(events)).sum();
        if events == u64::from(count) { Ok(index) } else { Err("the index does not add up") }
    }

    /// The index in bytes that were checked before.
    pub(super) fn of_checked(bytes: &'a [u8]) -> Self {
        let number = bytes.get(8..HEADER).and_then(|number| number.first_chunk::<4>());
        let types = number.map_or(0, |number| u32::from_le_bytes(*number)) as usize;
        let lists = bytes.get(HEADER..).unwrap_or_default();
        let (types, sources) = lists.split_at_checked(types * TYPE).unwrap_or_default();
        Self { types: types.as_chunks().0, sources: sources.as_chunks().0 }
    }

    /// The hashes of the types that are in the chunk, and how many events have them.
    pub(in super::super) fn types(self) -> impl Iterator<Item = (u64, u32)> {
        self.types.iter().map(|[a, b, c, d, e, f, g, h, i, j, k, l]| {
            let hash = u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            (hash, u32::from_le_bytes([*i, *j, *k, *l]))
        })
    }

    /// The hashes of the sources that are in the chunk.
    pub(in super::super) fn sources(self) -> impl Iterator<Item = u64> {
        self.sources.iter().map(|hash| u64::from_le_bytes(*hash))
    }

    /// The bytes of an index.
    pub(super) fn encode(first: i64, count: u32, types: &[(u64, u32)], sources: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, FORM, 0, 0, 0];
        bytes.extend(super::row::low_u32(types.len()).to_le_bytes());
        for (hash, events) in types {
            bytes.extend(hash.to_le_bytes());
            bytes.extend(events.to_le_bytes());
        }
        bytes.extend(sources.iter().flat_map(|hash| hash.to_le_bytes()));
        let checksum = checksum(first, count, &bytes);
        bytes[..4].copy_from_slice(&checksum);
        bytes
    }
}

fn checksum(first: i64, count: u32, bytes: &[u8]) -> [u8; 4] {
    let checksum = crc32c::crc32c(&first.to_le_bytes());
    let checksum = crc32c::crc32c_append(checksum, &count.to_le_bytes());
    crc32c::crc32c_append(checksum, bytes.get(4..).unwrap_or_default()).to_le_bytes()
}
