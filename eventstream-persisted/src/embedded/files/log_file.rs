use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::embedded::{
    disk::{Disk, File, names::Numbered},
    layout::{Charter, Entry, FRAME_HEADER, FrameHeader, LOG_HEADER, LogHeader},
};

/// So much of a log is read at once.
const PIECE: usize = 256 * 1024;
/// A place is remembered every so many bytes.
const STRIDE: u64 = 32 * 1024;

/// A file of events as they were appended.
#[derive(Debug)]
pub(crate) struct LogFile {
    first: u64,
    file: Mutex<Option<Arc<dyn File>>>,
    /// Where some of the frames begin, by the offset of their first event: a short cut.
    marks: Mutex<BTreeMap<u64, Mark>>,
}

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) at: u64,
    /// The checksum that it goes on from.
    pub(crate) previous: u32,
}

impl LogFile {
    pub(crate) fn new(first: u64) -> Arc<Self> {
        Arc::new(Self { first, file: Mutex::default(), marks: Mutex::default() })
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn name(&self) -> String {
        Numbered::Log { first: self.first }.name()
    }

    pub(crate) fn file(&self, disk: &dyn Disk) -> io::Result<Arc<dyn File>> {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*open {
            return Ok(file.clone());
        }
        let file = disk.open(&self.name())?;
        Ok(open.insert(file).clone())
    }

    /// A new file has got the name, in the place of one that may be open.
    pub(crate) fn replaced_by(&self, file: &Arc<dyn File>) {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file.clone());
        self.marks().clear();
    }

    /// Remembers where a frame begins, unless one is known that is near.
    pub(crate) fn mark(&self, offset: u64, mark: Mark) {
        let mut marks = self.marks();
        let before = marks.range(..=offset).next_back();
        if before.is_none_or(|(_, before)| before.at + STRIDE <= mark.at) {
            marks.insert(offset, mark);
        }
    }

    /// The frames from the one that has `offset` on, or one shortly before it; up to `tail`.
    pub(crate) fn frames(
        &self,
        disk: &dyn Disk,
        charter: &Charter,
        offset: u64,
        tail: u64,
    ) -> io::Result<Frames> {
        let file = self.file(disk)?;
        let known = self.marks().range(..=offset).next_back().map(|(first, mark)| (*first, *mark));
        let (position, mark) = known.unwrap_or_else(|| (self.first, self.start(charter.tag())));
        Ok(Frames::new(file, charter.seed(), position, mark, tail))
    }

    /// Where the first frame begins. It goes on from what the header must be, so that a header which
    /// is damaged, or another store's, needs no look.
    pub(crate) fn start(&self, tag: u64) -> Mark {
        let header = LogHeader { tag, first: self.first };
        Mark { at: LOG_HEADER as u64, previous: header.chain() }
    }

    fn marks(&self) -> MutexGuard<'_, BTreeMap<u64, Mark>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A frame that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) header: FrameHeader,
    pub(crate) mark: Mark,
    head: Bytes,
    pub(crate) body: Bytes,
}

impl Frame {
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = Entry> {
        FrameHeader::entries(&self.head[FRAME_HEADER..])
    }

    /// The entries of the events and their wire bytes, with their offsets.
    pub(crate) fn events(&self) -> impl Iterator<Item = (u64, Entry, Bytes)> {
        self.ranges().map(|(offset, entry, range)| (offset, entry, self.body.slice(range)))
    }

    /// The same, for those who keep nothing of it.
    pub(crate) fn slices(&self) -> impl Iterator<Item = (u64, Entry, &[u8])> {
        self.ranges().map(|(offset, entry, range)| (offset, entry, &self.body[range]))
    }

    fn ranges(&self) -> impl Iterator<Item = (u64, Entry, Range<usize>)> {
        let mut start = 0;
        self.entries().zip(self.header.first..).map(move |(entry, offset)| {
            let end = (entry.end as usize).clamp(start, self.body.len());
            let range = start..end;
            start = end;
            (offset, entry, range)
        })
    }
}

/// Why there are no more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// This is as far as it was to be read.
    Tail,
    /// Here stands no frame that goes on from the one before.
    Broken(&'static str),
}

/// Reads the frames of a log one after another.
pub(crate) struct Frames {
    file: Arc<dyn File>,
    /// What checksums begin with.
    seed: u32,
    /// The offset of the next frame's first event.
    position: u64,
    next: Mark,
    tail: u64,
    piece: Bytes,
    piece_at: u64,
}

impl Frames {
    pub(crate) fn new(
        file: Arc<dyn File>,
        seed: u32,
        position: u64,
        next: Mark,
        tail: u64,
    ) -> Self {
        Self { file, seed, position, next, tail, piece: Bytes::new(), piece_at: 0 }
    }

    /// The offset of the next frame's first event.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Where the next frame begins.
    pub(crate) fn mark(&self) -> Mark {
        self.next
    }

    /// The next frame, or why there is none.
    pub(crate) fn next(&mut self) -> io::Result<Result<Frame, Stop>> {
        if self.next.at >= self.tail {
            return Ok(Err(Stop::Tail));
        }
        match self.read(self.next.at)? {
            Ok(frame) if frame.header.previous != self.next.previous => {
                Ok(Err(Stop::Broken("what is here does not go on from what is before it")))
            }
            Ok(frame) if frame.header.first != self.position => {
                Ok(Err(Stop::Broken("what is here are other events")))
            }
            Ok(frame) => {
                self.step_over(&frame);
                Ok(Ok(frame))
            }
            Err(problem) => Ok(Err(Stop::Broken(problem))),
        }
    }

    /// Goes on behind a frame.
    fn step_over(&mut self, frame: &Frame) {
        self.position = frame.header.next();
        self.next =
            Mark { at: frame.mark.at + frame.header.len() as u64, previous: frame.header.checksum };
    }

    /// Looks for the next frame that is whole, behind one that is not. It is one if another goes on
    /// from it, or if it ends where the log does: what was written and never committed does neither.
    pub(crate) fn find_next(&mut self) -> io::Result<Option<Frame>> {
        const STEP: u64 = 8;
        let mut at = self.next.at + STEP;
        // What was published of the end may be anything, if it was not us who did.
        let end = self.tail.min(self.file.len()?);
        while at < end {
            if let Ok(frame) = self.read(at)?
                && frame.header.first >= self.position
                && self.is_connected(&frame)?
            {
                self.step_over(&frame);
                return Ok(Some(frame));
            }
            at += STEP;
        }
        Ok(None)
    }

    fn is_connected(&mut self, frame: &Frame) -> io::Result<bool> {
        let end = frame.mark.at + frame.header.len() as u64;
        if end >= self.tail {
            return Ok(end == self.tail);
        }
        let next = self.bytes(end, FRAME_HEADER)?.as_deref().and_then(FrameHeader::peek);
        Ok(next.is_some_and(|next| next.previous == frame.header.checksum))
    }

    fn read(&mut self, at: u64) -> io::Result<Result<Frame, &'static str>> {
        const MISSING: &str = "the file ends before it";
        let Some(header) = self.bytes(at, FRAME_HEADER)? else {
            return Ok(Err(MISSING));
        };
        let Some(header) = FrameHeader::peek(&header) else {
            return Ok(Err("its frame has no header"));
        };
        let Some(head) = self.bytes(at, header.head_len())? else {
            return Ok(Err(MISSING));
        };
        if FrameHeader::verify(self.seed, &head).is_none() {
            return Ok(Err("the checksum of its frame's header does not match"));
        }
        let Some(frame) = self.bytes(at, header.head_len() + header.body_len as usize)? else {
            return Ok(Err(MISSING));
        };
        let body = frame.slice(header.head_len()..);
        if crc32c::crc32c(&body) != header.body_checksum {
            return Ok(Err("the checksum of its frame does not match"));
        }
        let mark = Mark { at, previous: header.previous };
        Ok(Ok(Frame { header, mark, head, body }))
    }

    /// Some bytes, out of the piece that was read last, or the next one.
    fn bytes(&mut self, at: u64, len: usize) -> io::Result<Option<Bytes>> {
        let inside = |piece_at: u64, piece: &Bytes| {
            let start = usize::try_from(at.checked_sub(piece_at)?).ok()?;
            let end = start.checked_add(len)?;
            (end <= piece.len()).then(|| piece.slice(start..end))
        };
        if let Some(bytes) = inside(self.piece_at, &self.piece) {
            return Ok(Some(bytes));
        }
        let rest = usize::try_from(self.tail.saturating_sub(at)).unwrap_or(usize::MAX);
        if len > rest {
            return Ok(None);
        }
        // Before there is memory for it.
        if len > PIECE && at.saturating_add(len as u64) > self.file.len()? {
            return Ok(None);
        }
        let mut piece = vec![0; rest.min(PIECE).max(len)];
        let read = self.file.read_at(&mut piece, at)?;
        piece.truncate(read);
        (self.piece, self.piece_at) = (piece.into(), at);
        Ok(inside(self.piece_at, &self.piece))
    }
}
