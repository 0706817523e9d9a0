use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;
use eventstream_core::{Error, Event, Parcel};

use super::Filter;
use crate::embedded::{
    error::{EmbeddedStoreError, Result},
    files::{Files, LogFile, Place, Segment, SegmentFile, Stop},
    layout::{ChunkIndex, Damage, RawChunk},
};

/// A page ends early once it has looked at so many bytes of events, so that its memory is bounded
/// and a long way without a match can be broken off.
pub(crate) const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// … or once it has so many bytes of events that match.
pub(crate) const MAX_FOUND_BYTES: usize = 2 * 1024 * 1024;

/// So often is a file searched for that somebody has just put another in the place of.
const TRIES: usize = 10;

/// Part of the way through a store.
pub(crate) struct Page {
    pub(crate) events: Vec<Event>,
    /// All below it was looked at.
    pub(crate) position: u64,
    /// The bytes of the events that were looked at.
    pub(crate) scanned: usize,
}

/// Reads a page of the events from `position` up to `end`, which are committed. It may end before.
pub(crate) fn read_page(
    files: &Files,
    filter: &Filter,
    position: u64,
    end: u64,
) -> Result<eventstream_core::Result<Page>> {
    let mut catalog = files.catalog();
    for _ in 0..TRIES {
        let oldest = files.oldest()?;
        if position < oldest {
            return Ok(Err(Error::Truncated { requested: position, oldest }));
        }
        let mut reading = Reading {
            files,
            filter,
            start: position,
            end,
            page: Page { events: Vec::new(), position, scanned: 0 },
            found: 0,
        };
        let read = match catalog.find(position) {
            Place::Segment(segment) => reading.segment(&segment),
            Place::Log(log, next) => {
                reading.end = next.unwrap_or(end).min(end);
                reading.log(&log)
            }
            Place::Missing(next) => Err(Failure::Missing(next)),
        };
        match read {
            Ok(()) => return Ok(Ok(reading.page)),
            Err(Failure::Store(error)) => return Err(error),
            // Another file has taken its place, or it is truncated: the next round finds out.
            Err(Failure::Gone) => {}
            Err(Failure::Missing(next)) => {
                let known = Arc::ptr_eq(&catalog, &files.catalog());
                let next = next.unwrap_or(end).min(end);
                let refreshed = files.refresh()?;
                if known && matches!(refreshed.find(position), Place::Missing(_)) {
                    return Err(files.damaged("", position, next, "they are missing"));
                }
                catalog = refreshed;
                continue;
            }
        }
        catalog = files.refresh()?;
    }
    let first = position;
    Err(files.damaged("", first, end, "files come and go faster than they can be read"))
}

enum Failure {
    Store(EmbeddedStoreError),
    /// The file was removed.
    Gone,
    Missing(Option<u64>),
}

impl From<EmbeddedStoreError> for Failure {
    fn from(error: EmbeddedStoreError) -> Self {
        Self::Store(error)
    }
}

struct Reading<'a> {
    files: &'a Files,
    filter: &'a Filter,
    start: u64,
    end: u64,
    page: Page,
    /// The bytes of the events that match.
    found: usize,
}

impl Reading<'_> {
    fn is_full(&self) -> bool {
        self.page.position >= self.end
            || self.page.scanned >= MAX_PAGE_BYTES
            || self.found >= MAX_FOUND_BYTES
    }

    /// Whether something is on the page already: then it ends here, and the next one says what is
    /// wrong.
    fn has_begun(&self) -> bool {
        self.page.position > self.start
    }

    fn error(&self, name: &str, error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::NotFound {
            Failure::Gone
        } else {
            self.files.error("read", name)(error).into()
        }
    }

    fn segment(&mut self, file: &Arc<SegmentFile>) -> Result<(), Failure> {
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
            let taken = Segment::unpack(entry, bytes)
                .and_then(|chunk| self.chunk(&chunk, events.as_deref()));
            if let Err(problem) = taken {
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

    /// Takes the events that match out of a chunk.
    fn chunk(&mut self, chunk: &RawChunk, numbers: Option<&[u8]>) -> Result<(), Damage> {
        let header = *chunk.header();
        let mut events = Vec::new();
        let mut bytes = 0;
        let mut take = |offset: u64, wire: Bytes| {
            if offset < self.page.position || offset >= self.end {
                return Ok(());
            }
            let parcel = Parcel::from_trusted_wire(wire).map_err(|_| "an event is no envelope")?;
            if self.filter.matches(&parcel) {
                bytes += parcel.wire().len();
                events.push(Event::new(offset, parcel));
            }
            Ok::<(), Damage>(())
        };
        match numbers {
            None => {
                for (wire, offset) in chunk.events().zip(header.first..) {
                    take(offset, wire)?;
                }
            }
            Some(numbers) => {
                for number in numbers {
                    let wire =
                        chunk.event(usize::from(*number)).ok_or("the index has no such event")?;
                    take(header.first + u64::from(*number), wire)?;
                }
            }
        }
        // An event keeps all of its chunk in memory: a few of many are copied out.
        if bytes * 4 < chunk.size() {
            events = events.into_iter().map(copied).collect::<Result<_, _>>()?;
        }
        self.found += bytes.max(events.len());
        self.page.events.append(&mut events);
        self.page.scanned += chunk.size();
        self.page.position = header.next().min(self.end);
        Ok(())
    }

    fn log(&mut self, log: &Arc<LogFile>) -> Result<(), Failure> {
        let name = log.name();
        let (files, tag) = (self.files, self.files.charter.tag());
        let tail = files.tail_of(log).map_err(|error| self.error(&name, error))?;
        let frames = log.frames(&*files.disk, tag, self.start, tail);
        let mut frames = frames.map_err(|error| self.error(&name, error))?;
        while !self.is_full() {
            let frame = frames.next().map_err(|error| self.error(&name, error))?;
            let (frame, problem) = match frame {
                Ok(frame) => (frame, ""),
                // What is broken may lie before the page, or be the page's first.
                Err(_) if self.has_begun() => return Ok(()),
                Err(stop) => {
                    let problem = match stop {
                        Stop::Tail => "they are missing",
                        Stop::Broken(problem) => problem,
                    };
                    let found = frames.find_next().map_err(|error| self.error(&name, error))?;
                    match found {
                        Some(frame) => (frame, problem),
                        None => {
                            return Err(files.damaged(&name, self.start, self.end, problem).into());
                        }
                    }
                }
            };
            if frame.header.first > self.page.position {
                let next = frame.header.first.min(self.end);
                return Err(files.damaged(&name, self.start, next, problem).into());
            }
            log.mark(frame.header.first, frame.mark);
            if frame.header.next() <= self.page.position {
                continue;
            }
            for (offset, entry, wire) in frame.events() {
                if offset < self.page.position
                    || offset >= self.end
                    || !self.filter.may_match(&entry)
                {
                    continue;
                }
                let Ok(parcel) = Parcel::from_trusted_wire(wire) else {
                    let problem = "an event is no envelope";
                    return Err(files.damaged(&name, offset, offset + 1, problem).into());
                };
                if !self.filter.matches(&parcel) {
                    continue;
                }
                self.found += parcel.wire().len().max(1);
                let event = Event::new(offset, parcel);
                // An event keeps a large piece of the log in memory.
                let event = if self.filter.is_all() { Ok(event) } else { copied(event) };
                let damaged = |problem| files.damaged(&name, offset, offset + 1, problem);
                self.page.events.push(event.map_err(damaged)?);
            }
            self.page.scanned += frame.body.len();
            self.page.position = frame.header.next().min(self.end);
        }
        Ok(())
    }
}

/// The same event in memory of its own.
fn copied(Event { offset, parcel, .. }: Event) -> Result<Event, Damage> {
    let wire = Bytes::copy_from_slice(parcel.wire());
    drop(parcel);
    let parcel = Parcel::from_trusted_wire(wire).map_err(|_| "an event is no envelope")?;
    Ok(Event::new(offset, parcel))
}
