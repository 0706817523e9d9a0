use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    io,
};

use super::Run;
use crate::embedded::{
    disk::names::Numbered,
    error::Result,
    files::{Files, LogFile, Place},
    layout::Head,
    read::{Filter, read_page},
};

/// Where the messages are, by the hashes of their ids.
#[derive(Debug)]
pub(crate) struct Ids {
    /// The runs, in the order of their offsets, one after another.
    runs: Vec<Run>,
    /// Those that are in no run.
    fresh: HashMap<u64, u64, HashIsKey>,
    /// Others that have the hash of one of those: next to never.
    twins: Vec<(u64, u64)>,
}

impl Ids {
    /// Of all events of a store, up to `head.next`. Runs are opened, and what is in none is read.
    pub(crate) fn load(files: &Files, head: &Head) -> Result<Self> {
        let mut ids = Self { runs: Vec::new(), fresh: HashMap::default(), twins: Vec::new() };
        let mut position = head.oldest;
        while position < head.next {
            position = match ids.open_run(files, position, &mut Vec::new())? {
                Some(next) => next,
                None => ids.read(files, position, head.next)?,
            };
        }
        Ok(ids)
    }

    /// The same of other files, after somebody has tidied up: what is in runs by now need not be held
    /// in memory any more.
    pub(crate) fn follow(&mut self, files: &Files, head: &Head) -> Result<()> {
        let mut known = std::mem::take(&mut self.runs);
        let mut position = head.oldest;
        let mut covered = Vec::new();
        while position < head.next {
            match self.open_run(files, position, &mut known)? {
                Some(next) => {
                    covered.push(position..next);
                    position = next;
                }
                // A run that was there and is damaged now, or what no run has ever had.
                None => position = self.keep_or_read(files, position, head.next, &known)?,
            }
        }
        let is_fresh = |offset: u64| {
            offset >= head.oldest && !covered.iter().any(|range| range.contains(&offset))
        };
        self.fresh.retain(|_, offset| is_fresh(*offset));
        self.twins.retain(|(_, offset)| is_fresh(*offset));
        Ok(())
    }

    /// Goes on behind events that are in no run: they are held in memory, unless a run of before had
    /// them.
    fn keep_or_read(&mut self, files: &Files, from: u64, end: u64, before: &[Run]) -> Result<u64> {
        let next = match files.catalog().find(from) {
            Place::Segment(segment) => Some(segment.next()),
            Place::Log(_, next) | Place::Missing(next) => next,
        };
        let next = next.unwrap_or(end).min(end);
        if before.iter().any(|run| run.first() < next && from < run.next()) {
            self.read_range(files, from, next)?;
        }
        Ok(next)
    }

    /// The run that covers the offset and most behind it; returns where it ends.
    fn open_run(
        &mut self,
        files: &Files,
        offset: u64,
        known: &mut Vec<Run>,
    ) -> Result<Option<u64>> {
        let catalog = files.catalog();
        let covering = catalog.runs().range(..=(offset, u64::MAX));
        let longest = covering.filter(|(_, next)| *next > offset).max_by_key(|(_, next)| *next);
        let Some((first, next)) = longest.copied() else {
            return Ok(None);
        };
        if let Some(index) = known.iter().position(|run| (run.first(), run.next()) == (first, next))
        {
            self.runs.push(known.swap_remove(index));
            return Ok(Some(next));
        }
        let name = Numbered::Run { first, next }.name();
        let opened = Run::open(&*files.disk, files.charter.tag(), first, next);
        let loaded = opened.and_then(|run| match run {
            Ok(mut run) => Ok(run.load_filter()?.map(|()| run)),
            Err(problem) => Ok(Err(problem)),
        });
        match loaded {
            Ok(Ok(run)) => {
                self.runs.push(run);
                Ok(Some(next))
            }
            // It can be made again from the events.
            Ok(Err(problem)) => {
                warn(files, &name, problem);
                Ok(None)
            }
            // Merged meanwhile: the events have them, too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(files.error("read", &name)(error)),
        }
    }

    /// Reads the ids of the events from an offset on, up to the end of their file; returns where
    /// that is.
    fn read(&mut self, files: &Files, offset: u64, end: u64) -> Result<u64> {
        if let Place::Log(log, next) = files.catalog().find(offset) {
            let end = next.unwrap_or(end).min(end);
            return self.read_log(files, &log, offset, end);
        }
        let page = read_page(files, &Filter::All, offset, end)?;
        let Ok(page) = page else {
            // Truncated meanwhile.
            return Ok(files.oldest()?.max(offset + 1));
        };
        for event in &page.events {
            self.insert(files.charter.hash_message_id(event.parcel.message_id()), event.offset);
        }
        Ok(page.position)
    }

    /// The entries of a log have the hashes.
    fn read_log(&mut self, files: &Files, log: &LogFile, offset: u64, end: u64) -> Result<u64> {
        let name = log.name();
        let tail = files.tail_of(log).map_err(files.error("read", &name))?;
        let frames = log.frames(&*files.disk, &files.charter, offset, tail);
        let mut frames = frames.map_err(files.error("read", &name))?;
        while frames.position() < end {
            let Ok(frame) = frames.next().map_err(files.error("read", &name))? else {
                let first = frames.position().max(offset);
                let problem = "their ids can't be read, so that nothing can be appended that may be \
                               there: truncate the store behind them";
                return Err(files.damaged(&name, first, end, problem));
            };
            log.mark(frame.header.first, frame.mark);
            for (entry, position) in frame.entries().zip(frame.header.first..) {
                if position >= offset {
                    self.insert(entry.id, position);
                }
            }
        }
        Ok(end)
    }

    pub(crate) fn insert(&mut self, hash: u64, offset: u64) {
        if let Some(other) = self.fresh.insert(hash, offset)
            && other != offset
        {
            self.twins.push((hash, other));
        }
    }

    /// Adds the offsets that the message may have whose id has this hash.
    pub(crate) fn find(&mut self, files: &Files, hash: u64, found: &mut Vec<u64>) -> Result<()> {
        let before = found.len();
        let mut damaged = None;
        for (place, run) in self.runs.iter().enumerate() {
            if run.may_contain(hash) {
                let name = Numbered::Run { first: run.first(), next: run.next() }.name();
                if let Err(problem) = run.find(hash, found).map_err(files.error("read", &name))? {
                    damaged = Some((place, name, problem));
                }
            }
        }
        if let Some((place, name, problem)) = damaged {
            // The events have the ids, too.
            warn(files, &name, problem);
            let (first, next) = (self.runs[place].first(), self.runs[place].next());
            self.read_range(files, first, next)?;
            self.runs.swap_remove(place);
            found.truncate(before);
            return self.find(files, hash, found);
        }
        if let Some(offset) = self.fresh.get(&hash) {
            found.push(*offset);
            found.extend(self.twins.iter().filter(|(twin, _)| *twin == hash).map(|(_, at)| *at));
        }
        Ok(())
    }

    /// Reads the ids of these events, as far as they are not truncated.
    fn read_range(&mut self, files: &Files, first: u64, next: u64) -> Result<()> {
        let mut position = first.max(files.oldest()?);
        while position < next {
            position = self.read(files, position, next)?;
        }
        Ok(())
    }
}

fn warn(files: &Files, name: &str, problem: &str) {
    let file = files.path(name);
    tracing::warn!(file = %file.display(), problem, "ids are read anew; compact the store");
}

/// For maps whose keys are hashes already.
pub(crate) type HashIsKey = BuildHasherDefault<Unhashed>;

/// What is put in is a hash already.
#[derive(Debug, Default)]
pub(crate) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
