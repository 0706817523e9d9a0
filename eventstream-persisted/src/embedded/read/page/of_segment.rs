//! Reading sealed events.

use std::{io, mem, ops::Range, sync::Arc};

use bytes::Bytes;
use eventstream_core::{Event, Parcel};

use super::{Failure, MAX_PAGE_BYTES, Reading};
use crate::embedded::{
    files::{Segment, SegmentFile},
    layout::{ChunkIndex, Damage, DirectoryEntry},
};

impl Reading<'_> {
    pub(super) fn segment(&mut self, file: &Arc<SegmentFile>) -> Result<(), Failure> {
        self.end = self.end.min(file.next());
        let name = file.name();
        let segment = match self.files.segment(file).map_err(|error| self.error(&name, error))? {
            Ok(segment) => segment,
            Err(problem) => {
                return Err(self.files.damaged(&name, self.start, self.end, problem).into());
            }
        };
        let chunks = self.chunks(&segment);
        let first = segment.directory.get(chunks.start).map_or(self.end, |chunk| chunk.first);
        if first > self.start {
            let next = first.min(self.end);
            return Err(self
                .files
                .damaged(&name, self.start, next, "their chunk is damaged")
                .into());
        }
        let read = |what: io::Result<Vec<u8>>| {
            what.map_err(|error| self.files.error("read", &name)(error))
        };
        let indexes = if self.filter.is_all() {
            Vec::new()
        } else {
            read(segment.read_indexes(chunks.clone()))?
        };
        let wanted = self.wanted(&segment, chunks, &indexes);
        // All at once, if few of them would be read for nothing.
        let (at, together) = match (wanted.first(), wanted.last()) {
            (Some((first, _)), Some((last, _))) if wanted.len() * 4 > last - first => {
                (segment.directory[*first].at, read(segment.read_chunks(*first..last + 1))?)
            }
            _ => (0, Vec::new()),
        };
        let mut wanted = wanted.into_iter().peekable();
        let last = self.chunks(&segment);
        for number in last {
            if self.is_full() {
                return Ok(());
            }
            let entry = &segment.directory[number];
            if entry.first > self.page.position {
                // A chunk between them is damaged: the next page says so.
                return Ok(());
            }
            let Some((_, events)) = wanted.next_if(|(wanted, _)| *wanted == number) else {
                self.page.scanned += entry.raw_len as usize;
                self.page.position = entry.next().min(self.end);
                continue;
            };
            let single;
            let start = usize::try_from(entry.at - at.min(entry.at)).unwrap_or(usize::MAX);
            let bytes = match together.get(start..) {
                Some(bytes) if !together.is_empty() => bytes,
                _ => {
                    single = read(segment.read_chunks(number..number + 1))?;
                    &single[..]
                }
            };
            if let Err(problem) = self.chunk(&segment, entry, bytes, events.as_deref()) {
                if self.has_begun() {
                    return Ok(());
                }
                let first = self.start.max(entry.first);
                return Err(self.files.damaged(&name, first, entry.next(), problem).into());
            }
        }
        Ok(())
    }

    /// The chunks that this page can look at.
    fn chunks(&self, segment: &Segment) -> Range<usize> {
        let first = segment.chunk_at(self.start);
        let mut bytes = 0;
        let chunks = segment.directory[first..].iter().take_while(|chunk| {
            let takes = chunk.first < self.end && bytes < MAX_PAGE_BYTES;
            bytes += chunk.raw_len as usize;
            takes
        });
        first..first + chunks.count()
    }

    /// The chunks that can have events which match, and the numbers of these; `None` for all.
    fn wanted(
        &self,
        segment: &Segment,
        chunks: Range<usize>,
        indexes: &[u8],
    ) -> Vec<(usize, Option<Vec<u8>>)> {
        if self.filter.is_all() {
            return chunks.map(|number| (number, None)).collect();
        }
        let base = segment.directory.get(chunks.start).map_or(0, |chunk| chunk.index_at);
        let mut wanted = Vec::new();
        let mut found = Vec::new();
        for number in chunks {
            let entry = &segment.directory[number];
            let start = usize::try_from(entry.index_at.saturating_sub(base)).unwrap_or(usize::MAX);
            let index = indexes
                .get(start..)
                .and_then(|rest| rest.get(..entry.index_len as usize))
                .and_then(|bytes| ChunkIndex::decode(bytes, entry.count));
            let Some(index) = index else {
                // It is there to save time. Without it, each event is looked at.
                wanted.push((number, None));
                continue;
            };
            found.clear();
            self.filter.find(index, &mut found);
            if !found.is_empty() {
                wanted.push((number, Some(found.clone())));
            }
        }
        wanted
    }

    /// Takes the events with these numbers out of a chunk, or all, if they match.
    fn chunk(
        &mut self,
        segment: &Segment,
        entry: &DirectoryEntry,
        bytes: &[u8],
        numbers: Option<&[u8]>,
    ) -> Result<(), Damage> {
        let few = numbers.filter(|numbers| numbers.len() * 4 < entry.count as usize);
        let before = self.page.events.len();
        let taken = match few {
            Some(numbers) => self.copy_out(segment, entry, bytes, numbers),
            None => self.share(segment, entry, bytes, numbers),
        };
        if taken.is_err() {
            self.page.events.truncate(before);
        } else {
            self.page.scanned += entry.raw_len as usize;
            self.page.position = entry.next().min(self.end);
        }
        taken
    }

    /// A few of many: each gets memory of its own, or it would keep all of the chunk there.
    fn copy_out(
        &mut self,
        segment: &Segment,
        entry: &DirectoryEntry,
        bytes: &[u8],
        numbers: &[u8],
    ) -> Result<(), Damage> {
        let mut scratch = mem::take(&mut self.scratch);
        let taken = segment.view(entry, bytes, &mut scratch).and_then(|chunk| {
            for number in numbers {
                let wire =
                    chunk.event(usize::from(*number)).ok_or("the index has no such event")?;
                self.take(entry.first + u64::from(*number), || Bytes::copy_from_slice(wire))?;
            }
            Ok(())
        });
        self.scratch = scratch;
        taken
    }

    /// Many: they share the memory.
    fn share(
        &mut self,
        segment: &Segment,
        entry: &DirectoryEntry,
        bytes: &[u8],
        numbers: Option<&[u8]>,
    ) -> Result<(), Damage> {
        let chunk = segment.unpack(entry, bytes)?;
        let mut numbers = numbers.map(|numbers| numbers.iter().peekable());
        for (wire, number) in chunk.events().zip(0..) {
            let is_wanted = match &mut numbers {
                None => true,
                Some(numbers) => numbers.next_if(|wanted| u64::from(**wanted) == number).is_some(),
            };
            if is_wanted {
                self.take(entry.first + number, || wire)?;
            }
        }
        Ok(())
    }

    /// Takes an event, if it lies on the page and matches.
    fn take(&mut self, offset: u64, wire: impl FnOnce() -> Bytes) -> Result<(), Damage> {
        if offset < self.page.position || offset >= self.end {
            return Ok(());
        }
        let parcel = Parcel::from_trusted_wire(wire()).map_err(|_| "an event is no envelope")?;
        if self.filter.matches(&parcel) {
            self.found += parcel.wire().len().max(1);
            self.page.events.push(Event::new(offset, parcel));
        }
        Ok(())
    }
}
