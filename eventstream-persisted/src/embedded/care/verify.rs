use std::hash::Hasher;

use eventstream_core::Parcel;
use siphasher::sip::SipHasher13;

use super::{Problem, VerifyReport};
use crate::embedded::{
    disk::{names, names::Numbered, read_all, read_exact},
    error::Result,
    files::{Catalog, Files, LogFile, Place, Segment, SegmentFile},
    ids::Run,
    layout::{
        Charter, ChunkIndex, Head, LOG_HEADER, LogHeader, Oldest, RawChunk, SEGMENT_HEADER,
        SegmentHeader,
    },
};

/// Reads everything, and checks it.
pub(crate) fn verify(files: &Files) -> Result<VerifyReport> {
    // In this order: a log that is begun in between has nothing that is to be looked at.
    let (oldest, next) = (files.oldest()?, files.next()?);
    let catalog = files.refresh()?;
    let report =
        VerifyReport { first_offset: oldest, next_offset: next, ..VerifyReport::default() };
    let mut verifying =
        Verifying { files, catalog: &catalog, oldest, next, report, sums: Vec::new() };
    for (first, next) in catalog.runs() {
        verifying.run(*first, *next)?;
    }
    verifying.small_files()?;
    verifying.log_headers()?;
    verifying.events()?;
    verifying.compare_ids();
    verifying.report.problems.sort_by(|a, b| (a.offsets, &a.file).cmp(&(b.offsets, &b.file)));
    Ok(verifying.report)
}

struct Verifying<'a> {
    files: &'a Files,
    catalog: &'a Catalog,
    oldest: u64,
    next: u64,
    report: VerifyReport,
    /// For each run of ids what is in it, and what should be.
    sums: Vec<Sums>,
}

/// Adds up entries in whatever order they come.
struct Sums {
    first: u64,
    next: u64,
    in_run: u64,
    in_events: u64,
    /// Some of the events can't be read.
    is_incomplete: bool,
}

impl Verifying<'_> {
    fn problem(&mut self, file: &str, offsets: Option<(u64, u64)>, what: &str) {
        self.report.problems.push(Problem::new(file, offsets, what));
    }

    fn looked_at(&mut self, name: &str) -> Result<()> {
        self.report.files += 1;
        self.report.bytes += self.files.len_of(name)?;
        Ok(())
    }

    fn small_files(&mut self) -> Result<()> {
        for name in [names::CHARTER, names::OLDEST, names::HEAD] {
            let read = read_all(&*self.files.disk, name);
            let bytes = read.map_err(self.files.error("read", name))?;
            self.looked_at(name)?;
            let is_good = match name {
                names::CHARTER => matches!(Charter::decode(&bytes), Ok((_, true))),
                names::OLDEST => Oldest::decode(&bytes).is_some(),
                // Read again if somebody has just written it.
                _ => Head::decode(&bytes).is_some() || self.files.head()?.is_some(),
            };
            if !is_good {
                self.problem(name, None, "the checksum does not match");
            }
        }
        Ok(())
    }

    /// The headers of logs, which are not needed to read them.
    fn log_headers(&mut self) -> Result<()> {
        let files = self.files;
        for log in self.catalog.logs() {
            let name = log.name();
            let read = files.error("read", &name);
            let file = log.file(&*files.disk).map_err(&read)?;
            let header = read_exact(&*file, 0, LOG_HEADER).map_err(&read)?;
            let expected = LogHeader { tag: files.charter.tag(), first: log.first() };
            if header.as_deref().and_then(LogHeader::decode) != Some(expected) {
                self.problem(&name, None, "the header is damaged, or another store's");
            }
        }
        Ok(())
    }

    /// All events, file by file.
    fn events(&mut self) -> Result<()> {
        let mut position = self.oldest;
        while position < self.next {
            let (name, end) = match self.catalog.find(position) {
                Place::Segment(file) => {
                    self.segment(&file, position)?;
                    (file.name(), file.next())
                }
                Place::Log(log, end) => {
                    let end = end.unwrap_or(self.next).min(self.next);
                    self.log(&log, position, end)?;
                    (log.name(), end)
                }
                Place::Missing(end) => {
                    let end = end.unwrap_or(self.next).min(self.next);
                    self.lost("", position, end, "they are missing");
                    position = end;
                    continue;
                }
            };
            self.looked_at(&name)?;
            position = end;
        }
        Ok(())
    }

    /// Events from `first` up to `next` can't be read.
    fn lost(&mut self, file: &str, first: u64, next: u64, what: &str) {
        if first >= next {
            return;
        }
        self.problem(file, Some((first, next - 1)), what);
        for sums in &mut self.sums {
            sums.is_incomplete |= sums.first < next && first < sums.next;
        }
    }

    fn good(&mut self, hash: u64, offset: u64) {
        self.report.events += 1;
        for sums in self.sums.iter_mut().filter(|sums| (sums.first..sums.next).contains(&offset)) {
            sums.in_events = sums.in_events.wrapping_add(mixed(hash, offset));
        }
    }

    fn segment(&mut self, file: &std::sync::Arc<SegmentFile>, from: u64) -> Result<()> {
        let name = file.name();
        let read = self.files.error("read", &name);
        // Opened anew: what is open already may have been damaged since.
        let fresh = SegmentFile::new(file.first(), file.next());
        let segment = match self.files.segment_anew(&fresh).map_err(&read)? {
            Ok(segment) => segment,
            Err(problem) => {
                self.lost(&name, from, file.next(), problem);
                return Ok(());
            }
        };
        let raw = self.files.disk.open(&name).map_err(&read)?;
        let header = read_exact(&*raw, 0, SEGMENT_HEADER).map_err(&read)?;
        if header.as_deref().and_then(SegmentHeader::decode).is_none() {
            self.problem(&name, None, "the checksum of the header does not match");
        }
        if segment.trailer.is_none() {
            self.problem(&name, None, "the directory is damaged");
        } else if segment.types.is_none() {
            self.problem(&name, None, "the names of the types are damaged");
        }
        let mut position = from;
        for number in segment.chunk_at(from)..segment.directory.len() {
            let entry = segment.directory[number];
            self.lost(&name, position, entry.first.min(file.next()), "their chunk is damaged");
            let bytes = segment.read_chunks(number..number + 1).map_err(&read)?;
            match segment.unpack(&entry, &bytes) {
                Ok(chunk) => {
                    let index = segment.read_indexes(number..number + 1).map_err(&read)?;
                    self.chunk(&name, &chunk, from, &index, &segment);
                }
                Err(problem) => self.lost(&name, entry.first.max(from), entry.next(), problem),
            }
            position = entry.next();
        }
        self.lost(&name, position, file.next(), "their chunk is damaged");
        Ok(())
    }

    fn chunk(&mut self, name: &str, chunk: &RawChunk, from: u64, index: &[u8], segment: &Segment) {
        let header = *chunk.header();
        let charter = &self.files.charter;
        let (mut types, mut sources, mut good) = (Vec::new(), Vec::new(), Vec::new());
        for (wire, offset) in chunk.events().zip(header.first..) {
            let Ok(parcel) = Parcel::from_wire(wire) else {
                self.lost(name, offset, offset + 1, "it is no envelope");
                continue;
            };
            types.push(charter.hash_type(parcel.event_type()));
            let handler = parcel.source_handler().map_or("", |handler| handler.key);
            sources.push(charter.hash_source(handler, parcel.source_instance_id()));
            if offset >= from {
                good.push((charter.hash_message_id(parcel.message_id()), offset));
            }
        }
        let is_indexed = segment.trailer.is_none()
            || (ChunkIndex::decode(index, header.count).is_some()
                && index == ChunkIndex::encode(&types, &sources));
        if !is_indexed && types.len() == header.count as usize {
            let what = "the index of types and sources is damaged (they are found without it)";
            self.problem(name, Some((header.first, header.next() - 1)), what);
        }
        for (hash, offset) in good {
            self.good(hash, offset);
        }
    }

    fn log(&mut self, log: &LogFile, from: u64, end: u64) -> Result<()> {
        let name = log.name();
        let files = self.files;
        let read = files.error("read", &name);
        let tail = files.tail_of(log).map_err(&read)?;
        // From the beginning, not from a place that is known.
        let unmarked = LogFile::new(log.first());
        let mut frames =
            unmarked.frames(&*files.disk, &files.charter, log.first(), tail).map_err(&read)?;
        let mut position = from;
        while position < end {
            let before = frames.position();
            let frame = match frames.next().map_err(&read)? {
                Ok(frame) => frame,
                Err(_) if before >= end => break,
                Err(_) => match frames.find_next().map_err(&read)? {
                    Some(frame) => frame,
                    None => break,
                },
            };
            let first = frame.header.first;
            self.lost(&name, position.max(before), first.min(end), "their frame is damaged");
            for (offset, entry, wire) in frame.events() {
                let charter = &files.charter;
                let id = Parcel::from_wire(wire)
                    .ok()
                    .map(|parcel| charter.hash_message_id(parcel.message_id()));
                if offset < from || offset >= end {
                    continue;
                }
                match id {
                    Some(id) if id == entry.id => self.good(id, offset),
                    Some(_) => self.lost(&name, offset, offset + 1, "its id is another one"),
                    None => self.lost(&name, offset, offset + 1, "it is no envelope"),
                }
            }
            position = position.max(frame.header.next());
        }
        self.lost(&name, position, end, "they are missing, or their frame is damaged");
        Ok(())
    }

    fn run(&mut self, first: u64, next: u64) -> Result<()> {
        let name = Numbered::Run { first, next }.name();
        let read = self.files.error("read", &name);
        self.looked_at(&name)?;
        let concerned = Some((first, next - 1));
        let mut run = match Run::open(&*self.files.disk, self.files.charter.tag(), first, next) {
            Ok(Ok(run)) => run,
            Ok(Err(problem)) => {
                self.problem(&name, concerned, problem);
                return Ok(());
            }
            Err(error) => return Err(read(error)),
        };
        if let Err(problem) = run.load_filter().map_err(&read)? {
            self.problem(&name, concerned, problem);
            return Ok(());
        }
        let (mut sum, mut before) = (0_u64, None);
        for page in 0..run.pages() {
            let entries = match run.page(page).map_err(&read)? {
                Ok(entries) => entries,
                Err(problem) => {
                    self.problem(&name, concerned, problem);
                    return Ok(());
                }
            };
            for entry in entries {
                let offset = first + u64::from(entry.delta);
                if before > Some(entry) || !run.may_contain(entry.hash) || offset >= next {
                    self.problem(&name, concerned, "the entries are not in order");
                    return Ok(());
                }
                before = Some(entry);
                if offset >= self.oldest {
                    sum = sum.wrapping_add(mixed(entry.hash, offset));
                }
            }
        }
        let sums = Sums { first, next, in_run: sum, in_events: 0, is_incomplete: false };
        self.sums.push(sums);
        Ok(())
    }

    /// Whether the runs have the ids of the events, and no others.
    fn compare_ids(&mut self) {
        let differing: Vec<_> = self
            .sums
            .iter()
            .filter(|sums| !sums.is_incomplete && sums.in_run != sums.in_events)
            .map(|sums| (sums.first, sums.next))
            .collect();
        for (first, next) in differing {
            let name = Numbered::Run { first, next }.name();
            self.problem(&name, Some((first, next - 1)), "the ids are not those of the events");
        }
    }
}

/// A number for an entry that tells it from others, also in a sum of many.
fn mixed(hash: u64, offset: u64) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write_u64(hash);
    hasher.write_u64(offset);
    hasher.finish()
}
