use super::{
    FORMAT,
    codec::{Put, Take, has_other_format, record, sign, u32_of, verified},
};

const MAGIC: [u8; 4] = *b"EVID";
const PAGE_MAGIC: [u8; 4] = *b"EVIP";

/// The length of what a run of ids begins with.
pub(crate) const RUN_HEADER: usize = 64;
/// The length of a page of it.
pub(crate) const PAGE: usize = 4096;
/// The entries of a full page.
pub(crate) const PAGE_ENTRIES: usize = (PAGE - 12) / ENTRY;

const ENTRY: usize = 12;

/// What a run of ids begins with; a filter follows, then pages of entries, sorted by their hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunHeader {
    /// [`Charter::tag`](super::Charter::tag).
    pub(crate) tag: u64,
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) entries: u64,
    pub(crate) filter_len: u64,
    pub(crate) filter_checksum: u32,
}

impl RunHeader {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut header = record(MAGIC, RUN_HEADER);
        header.put_u32(FORMAT);
        header.put_u32(self.filter_checksum);
        header.put_u64(self.tag);
        header.put_u64(self.first);
        header.put_u64(self.next);
        header.put_u64(self.entries);
        header.put_u64(self.filter_len);
        header.resize(RUN_HEADER, 0);
        sign(&mut header);
        header
    }

    /// Whether it is a header that is whole, of another format.
    pub(crate) fn is_of_other_format(bytes: &[u8]) -> bool {
        has_other_format(bytes, MAGIC)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified(bytes, MAGIC)?;
        if take.u32()? != FORMAT {
            return None;
        }
        let filter_checksum = take.u32()?;
        let (tag, first, next) = (take.u64()?, take.u64()?, take.u64()?);
        let (entries, filter_len) = (take.u64()?, take.u64()?);
        let header = Self { tag, first, next, entries, filter_len, filter_checksum };
        // So that its places can be counted.
        let pages = header.pages().checked_mul(PAGE as u64)?;
        filter_len.checked_add(pages)?.checked_add(RUN_HEADER as u64)?;
        Some(header)
    }

    pub(crate) fn pages(self) -> u64 {
        self.entries.div_ceil(PAGE_ENTRIES as u64)
    }

    /// Where a page begins.
    pub(crate) fn page_at(self, page: u64) -> u64 {
        RUN_HEADER as u64 + self.filter_len + page * PAGE as u64
    }

    /// The length of the file.
    pub(crate) fn len(self) -> u64 {
        self.page_at(self.pages())
    }
}

/// Where a message may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunEntry {
    /// The hash of its id.
    pub(crate) hash: u64,
    /// Its offset, counted from the run's first one.
    pub(crate) delta: u32,
}

/// The bytes of a page.
pub(crate) fn encode_page(entries: &[RunEntry]) -> Vec<u8> {
    let mut page = record(PAGE_MAGIC, PAGE);
    page.put_u32(u32_of(entries.len()));
    for entry in entries {
        page.put_u64(entry.hash);
        page.put_u32(entry.delta);
    }
    page.resize(PAGE, 0);
    sign(&mut page);
    page
}

/// The entries of a page.
pub(crate) fn decode_page(bytes: &[u8]) -> Option<Vec<RunEntry>> {
    let (mut take, _) = verified(bytes, PAGE_MAGIC)?;
    let count = take.u32()? as usize;
    let entries = take.bytes(count.checked_mul(ENTRY)?)?.as_chunks::<ENTRY>().0;
    entries
        .iter()
        .map(|entry| {
            let mut take = Take(entry);
            Some(RunEntry { hash: take.u64()?, delta: take.u32()? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_has_changed_is_not() {
        let header = RunHeader {
            tag: 1,
            first: 2,
            next: 500,
            entries: PAGE_ENTRIES as u64 + 1,
            filter_len: 64,
            filter_checksum: 9,
        };
        let bytes = header.encode();
        assert_eq!(RunHeader::decode(&bytes), Some(header));
        assert_eq!(header.len(), (64 + 64 + 2 * PAGE) as u64);
        for impossible in [
            RunHeader { filter_len: u64::MAX, ..header },
            RunHeader { entries: u64::MAX, ..header },
            RunHeader { entries: u64::MAX / 16, filter_len: u64::MAX - 64, ..header },
        ] {
            assert_eq!(RunHeader::decode(&impossible.encode()), None, "{impossible:?}");
        }
        let entries: Vec<_> =
            (0..PAGE_ENTRIES).map(|n| RunEntry { hash: n as u64, delta: 7 }).collect();
        let page = encode_page(&entries);
        assert_eq!(page.len(), PAGE);
        assert_eq!(decode_page(&page), Some(entries));
        for at in 0..PAGE {
            let mut page = page.clone();
            page[at] ^= 4;
            assert_eq!(decode_page(&page), None, "byte {at}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 4;
            assert_eq!(RunHeader::decode(&bytes), None, "byte {at}");
        }
    }
}
