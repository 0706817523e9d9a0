use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use eventstream_core::{EventType, Incarnation};

use crate::embedded::{
    EmbeddedStoreError,
    disk::names::{self, Numbered},
    error::Result,
    files::{Files, Place},
    read::{Filter, read_page},
};

/// What is in an [`EmbeddedStore`](crate::EmbeddedStore), and how it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStats {
    /// The offset of the oldest event that is there; that of the next one if there is none.
    pub first_offset: u64,
    /// The offset that the next event will get.
    pub next_offset: u64,
    /// How many events of each type are there. Events that can't be read are not counted.
    pub events_by_type: BTreeMap<EventType, u64>,
    /// The size of all files.
    pub bytes: u64,
    /// Tells this store from one that takes its place.
    pub incarnation: Incarnation,
    /// How many files of sealed events there are.
    pub segments: u64,
    /// Their size.
    pub segment_bytes: u64,
    /// The size of the logs: events that are not sealed yet.
    pub log_bytes: u64,
    /// The size of the indexes of message ids.
    pub index_bytes: u64,
    /// When the oldest of the events was appended, but for others that lie beside it.
    pub oldest_append: Option<SystemTime>,
    /// When the newest was.
    pub newest_append: Option<SystemTime>,
}

pub(crate) fn stats(files: &Files) -> Result<StoreStats> {
    /// So often is it tried: others may put files in the place of those that are being read.
    const TRIES: usize = 5;

    let mut stats = look(files);
    for _ in 1..TRIES {
        if stats.is_ok() {
            break;
        }
        stats = look(files);
    }
    stats
}

fn look(files: &Files) -> Result<StoreStats> {
    files.refresh()?;
    let (oldest, next) = (files.oldest()?, files.next()?);
    let mut counting = Counting { files, counts: HashMap::new(), first: None, last: None };
    counting.count(oldest, next)?;
    let mut stats = StoreStats {
        first_offset: oldest,
        next_offset: next,
        events_by_type: counting
            .counts
            .into_iter()
            .map(|(name, count)| (EventType::from(name), count))
            .collect(),
        bytes: 0,
        incarnation: files.charter.incarnation,
        segments: 0,
        segment_bytes: 0,
        log_bytes: 0,
        index_bytes: 0,
        oldest_append: counting.first.map(time),
        newest_append: counting.last.map(time),
    };
    let names = files.disk.list().map_err(files.error("read the directory", ""))?;
    for name in names.iter().filter(|name| names::is_of_a_store(name)) {
        let len = files.len_of(name)?;
        stats.bytes += len;
        match Numbered::parse(name) {
            Some(Numbered::Segment { .. }) => {
                stats.segments += 1;
                stats.segment_bytes += len;
            }
            Some(Numbered::Log { .. }) => stats.log_bytes += len,
            Some(Numbered::Run { .. }) => stats.index_bytes += len,
            None => {}
        }
    }
    Ok(stats)
}

fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

struct Counting<'a> {
    files: &'a Files,
    counts: HashMap<String, u64>,
    /// When the first and the last event were appended.
    first: Option<u64>,
    last: Option<u64>,
}

impl Counting<'_> {
    fn count(&mut self, oldest: u64, next: u64) -> Result<()> {
        let mut position = oldest;
        while position < next {
            let end = match self.files.catalog().find(position) {
                Place::Segment(file) => {
                    let read = self.files.error("read", &file.name());
                    let segment = self.files.segment(&file).map_err(read)?;
                    if let Ok(segment) = &segment {
                        let chunk = segment.directory.get(segment.chunk_at(position));
                        self.appended(chunk.map(|chunk| chunk.time));
                        self.appended(segment.directory.last().map(|chunk| chunk.time));
                    }
                    match segment.map(|segment| segment.types.clone()) {
                        // What the segment says of itself, if all of it is there.
                        Ok(Some(types)) if position == file.first() => {
                            for kind in types {
                                *self.counts.entry(kind.name).or_default() += kind.count;
                            }
                            position = file.next();
                            continue;
                        }
                        _ => file.next(),
                    }
                }
                Place::Log(log, end) => {
                    let end = end.unwrap_or(next);
                    let read = self.files.error("read", &log.name());
                    let tail = self.files.tail_of(&log).map_err(&read)?;
                    let (disk, charter) = (&*self.files.disk, &self.files.charter);
                    let mut frames = log.frames(disk, charter, position, tail).map_err(&read)?;
                    while frames.position() < end
                        && let Ok(frame) = frames.next().map_err(&read)?
                    {
                        if frame.header.next() > position {
                            self.appended(Some(frame.header.time));
                        }
                    }
                    end
                }
                Place::Missing(end) => end.unwrap_or(next),
            };
            self.read(position, end.min(next))?;
            position = end;
        }
        Ok(())
    }

    fn appended(&mut self, time: Option<u64>) {
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
    }

    /// Counts events one by one.
    fn read(&mut self, mut position: u64, end: u64) -> Result<()> {
        while position < end {
            match read_page(self.files, &Filter::All, position, end) {
                Ok(Ok(page)) => {
                    for event in &page.events {
                        let name = event.parcel.event_type();
                        match self.counts.get_mut(name) {
                            Some(count) => *count += 1,
                            None => drop(self.counts.insert(name.to_owned(), 1)),
                        }
                    }
                    position = page.position;
                }
                // Truncated meanwhile.
                Ok(Err(_)) => position = self.files.oldest()?.max(position + 1),
                // Reading names what is damaged; here it does not count.
                Err(EmbeddedStoreError::Damaged { last, .. }) => position = last.saturating_add(1),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
