use std::{io, sync::Arc};

use super::filter::Filter;
use crate::embedded::{
    disk::{Disk, File, names::Numbered, read_exact},
    layout::{Damage, OTHER_FORMAT, PAGE, RUN_HEADER, RunEntry, RunHeader, decode_page},
};

/// A file of ids that is open.
#[derive(Debug)]
pub(crate) struct Run {
    file: Arc<dyn File>,
    header: RunHeader,
    /// Once it was loaded.
    filter: Option<Filter>,
}

impl Run {
    pub(crate) fn open(
        disk: &dyn Disk,
        tag: u64,
        first: u64,
        next: u64,
    ) -> io::Result<Result<Self, Damage>> {
        let file = disk.open(&Numbered::Run { first, next }.name())?;
        let header = read_exact(&*file, 0, RUN_HEADER)?;
        if header.as_deref().is_some_and(RunHeader::is_of_other_format) {
            return Ok(Err(OTHER_FORMAT));
        }
        let Some(header) = header.as_deref().and_then(RunHeader::decode) else {
            return Ok(Err("the header is damaged"));
        };
        if (header.tag, header.first, header.next) != (tag, first, next) {
            return Ok(Err("it is a file of other events, or of another store"));
        }
        if file.len()? < header.len() {
            return Ok(Err("it is cut short"));
        }
        Ok(Ok(Self { file, header, filter: None }))
    }

    /// Reads the filter, for those who search: two bytes an entry.
    pub(crate) fn load_filter(&mut self) -> io::Result<Result<(), Damage>> {
        let len = usize::try_from(self.header.filter_len);
        let len = len.map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.filter = read_exact(&*self.file, RUN_HEADER as u64, len)?
            .filter(|bytes| crc32c::crc32c(bytes) == self.header.filter_checksum)
            .and_then(Filter::from_bytes);
        let problem = "the checksum of the filter does not match";
        Ok(self.filter.as_ref().map(|_| ()).ok_or(problem))
    }

    pub(crate) fn first(&self) -> u64 {
        self.header.first
    }

    pub(crate) fn next(&self) -> u64 {
        self.header.next
    }

    pub(crate) fn entries(&self) -> u64 {
        self.header.entries
    }

    pub(crate) fn pages(&self) -> u64 {
        self.header.pages()
    }

    pub(crate) fn may_contain(&self, hash: u64) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.may_contain(hash))
    }

    /// Adds the offsets of the messages whose id has this hash.
    pub(crate) fn find(&self, hash: u64, found: &mut Vec<u64>) -> io::Result<Result<(), Damage>> {
        let (mut low, mut high) = (0, self.pages());
        // Hashes are spread evenly: where it must be is known but for a page or two.
        let guess = (u128::from(hash) * u128::from(high)) >> 64;
        let mut page = u64::try_from(guess).unwrap_or_default();
        let mut step = 1;
        // Whether the page lies between two that were looked at.
        let (mut from_below, mut from_above) = (false, false);
        while low < high {
            let entries = match self.page(page)? {
                Ok(entries) => entries,
                Err(problem) => return Ok(Err(problem)),
            };
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                return Ok(Err("a page is empty"));
            };
            if last.hash < hash {
                (low, from_below) = (page + 1, true);
                page = page.saturating_add(step);
            } else if first.hash > hash {
                (high, from_above) = (page, true);
                page = page.saturating_sub(step);
            } else {
                return self.collect(page, &entries, hash, found);
            }
            step *= 2;
            if from_below && from_above {
                page = low + (high - low) / 2;
            }
            page = page.clamp(low, high.max(low + 1) - 1);
        }
        Ok(Ok(()))
    }

    /// Adds what a page has of a hash, and its neighbours, if the same hash goes on there.
    fn collect(
        &self,
        page: u64,
        entries: &[RunEntry],
        hash: u64,
        found: &mut Vec<u64>,
    ) -> io::Result<Result<(), Damage>> {
        let mut add = |entries: &[RunEntry]| {
            let same = entries.iter().filter(|entry| entry.hash == hash);
            found.extend(same.map(|entry| self.header.first + u64::from(entry.delta)));
        };
        add(entries);
        let goes_on = |entry: Option<&RunEntry>| entry.is_some_and(|entry| entry.hash == hash);
        let (mut before, mut after) = (goes_on(entries.first()), goes_on(entries.last()));
        for distance in 1.. {
            if !before && !after {
                break;
            }
            for (goes, page) in [
                (&mut before, page.checked_sub(distance)),
                (&mut after, Some(page + distance).filter(|page| *page < self.pages())),
            ] {
                let Some(page) = page.filter(|_| *goes) else {
                    *goes = false;
                    continue;
                };
                let entries = match self.page(page)? {
                    Ok(entries) => entries,
                    Err(problem) => return Ok(Err(problem)),
                };
                add(&entries);
                *goes = entries.iter().all(|entry| entry.hash == hash);
            }
        }
        Ok(Ok(()))
    }

    /// The entries of a page.
    pub(crate) fn page(&self, page: u64) -> io::Result<Result<Vec<RunEntry>, Damage>> {
        let bytes = read_exact(&*self.file, self.header.page_at(page), PAGE)?;
        let Some(entries) = bytes.as_deref().and_then(decode_page) else {
            return Ok(Err("the checksum of a page does not match"));
        };
        let events = self.header.next - self.header.first;
        if entries.iter().any(|entry| u64::from(entry.delta) >= events) {
            return Ok(Err("a page has offsets that are not those of the run"));
        }
        Ok(Ok(entries))
    }
}
