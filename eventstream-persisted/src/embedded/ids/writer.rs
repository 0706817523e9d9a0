use std::io;

use super::filter::Filter;
use crate::embedded::{
    disk::{Disk, names},
    layout::{PAGE_ENTRIES, RUN_HEADER, RunEntry, RunHeader, encode_page},
};

/// So much is written at once.
const PIECE: usize = 1024 * 1024;

/// Writes a run of ids: whole, or not at all. `entries` are sorted; there are `count` at most.
pub(crate) fn write_run(
    disk: &dyn Disk,
    tag: u64,
    (first, next): (u64, u64),
    count: u64,
    entries: impl Iterator<Item = io::Result<RunEntry>>,
) -> io::Result<()> {
    let name = names::Numbered::Run { first, next }.name();
    let draft = names::draft(&name);
    let file = disk.create(&draft)?;
    let mut filter = Filter::for_entries(count);
    let mut header = RunHeader {
        tag,
        first,
        next,
        entries: 0,
        filter_len: filter.bytes().len() as u64,
        filter_checksum: 0,
    };
    let mut at = header.page_at(0);
    let (mut page, mut piece) = (Vec::with_capacity(PAGE_ENTRIES), Vec::new());
    for entry in entries {
        let entry = entry?;
        filter.insert(entry.hash);
        header.entries += 1;
        page.push(entry);
        if page.len() == PAGE_ENTRIES {
            piece.extend(encode_page(&page));
            page.clear();
        }
        if piece.len() >= PIECE {
            file.write_at(&piece, at)?;
            at += piece.len() as u64;
            piece.clear();
        }
    }
    if !page.is_empty() {
        piece.extend(encode_page(&page));
    }
    file.write_at(&piece, at)?;
    file.write_at(filter.bytes(), RUN_HEADER as u64)?;
    header.filter_checksum = crc32c::crc32c(filter.bytes());
    file.write_at(&header.encode(), 0)?;
    file.sync()?;
    disk.rename(&draft, &name)
}
