use eventstream_core::Parcel;

use super::{
    Charter,
    codec::{Put, Take, record, sign_with, u32_of, verified_with},
};

const MAGIC: [u8; 4] = *b"EVFR";

/// The length of a frame's header …
pub(crate) const FRAME_HEADER: usize = 48;
/// … and of what it has for each event, before the events.
pub(crate) const ENTRY: usize = 28;

/// A frame holds up to so many events …
const MAX_EVENTS: usize = 1024;
/// … and, unless one event alone is larger, up to so many bytes of them.
const MAX_BYTES: usize = 64 * 1024;

/// Frames begin at multiples of it, so that they can be found again behind a damaged one.
const ALIGNMENT: usize = 8;

/// What a frame begins with: a run of events of one commit. Commits are one frame or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The checksum of this header and its entries: the next frame's `previous`.
    pub(crate) checksum: u32,
    /// The checksum of the frame before, or of the log's header: so that no frame of a commit that
    /// was never finished can be taken for one that goes on from another.
    pub(crate) previous: u32,
    pub(crate) body_checksum: u32,
    pub(crate) first: u64,
    /// The next offset after the commit: unless all its frames are there, it did not take place.
    pub(crate) commit_next: u64,
    /// When it was committed, in milliseconds since 1970.
    pub(crate) time: u64,
    pub(crate) count: u32,
    pub(crate) body_len: u32,
}

/// What a frame has for each of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) event_type: u64,
    pub(crate) source: u64,
    /// Where its bytes end in the body.
    pub(crate) end: u32,
}

/// An event to be written, with the hashes that find it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) parcel: Parcel,
    pub(crate) id: u64,
    event_type: u64,
    source: u64,
}

impl Record {
    pub(crate) fn new(charter: &Charter, parcel: Parcel) -> Self {
        let handler = parcel.source_handler().map_or("", |handler| handler.key);
        Self {
            id: charter.hash_message_id(parcel.message_id()),
            event_type: charter.hash_type(parcel.event_type()),
            source: charter.hash_source(handler, parcel.source_instance_id()),
            parcel,
        }
    }
}

impl FrameHeader {
    /// What the header says, before it is known to be right: how long it is, to read the rest.
    pub(crate) fn peek(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.array()? != MAGIC {
            return None;
        }
        let header = Self {
            checksum: take.u32()?,
            previous: take.u32()?,
            body_checksum: take.u32()?,
            first: take.u64()?,
            commit_next: take.u64()?,
            time: take.u64()?,
            count: take.u32()?,
            body_len: take.u32()?,
        };
        let next = header.first.checked_add(header.count.into())?;
        let is_sound =
            header.count > 0 && header.count as usize <= MAX_EVENTS && next <= header.commit_next;
        is_sound.then_some(header)
    }

    /// A header that is right; `bytes` has [`Self::head_len`] bytes.
    pub(crate) fn verify(seed: u32, bytes: &[u8]) -> Option<Self> {
        verified_with(seed, bytes, MAGIC)?;
        Self::peek(bytes)
    }

    /// The length of the header and its entries.
    pub(crate) fn head_len(&self) -> usize {
        FRAME_HEADER + self.count as usize * ENTRY
    }

    /// The length of the whole frame.
    pub(crate) fn len(&self) -> usize {
        (self.head_len() + self.body_len as usize).next_multiple_of(ALIGNMENT)
    }

    /// The offset after the last event.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// The entries of a frame whose header was verified.
    pub(crate) fn entries(bytes: &[u8]) -> impl ExactSizeIterator<Item = Entry> {
        bytes.as_chunks::<ENTRY>().0.iter().map(|entry| {
            let mut take = Take(entry);
            let mut number = || take.u64().unwrap_or_default();
            let (id, event_type, source) = (number(), number(), number());
            Entry { id, event_type, source, end: take.u32().unwrap_or_default() }
        })
    }
}

/// How many of the next records go into one frame.
fn fill(records: &[Record]) -> usize {
    let mut bytes = 0;
    let fitting = records.iter().take(MAX_EVENTS).take_while(|record| {
        bytes += record.parcel.wire().len();
        bytes <= MAX_BYTES
    });
    fitting.count().max(1)
}

/// A frame that was added to a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoded {
    pub(crate) first: u64,
    /// Where in the buffer it begins.
    pub(crate) at: usize,
    /// What it goes on from.
    pub(crate) previous: u32,
}

/// Adds the frames of a commit to a buffer; returns where they begin, and the checksum that the
/// next one goes on from.
pub(crate) fn encode_commit(
    buffer: &mut Vec<u8>,
    seed: u32,
    first: u64,
    time: u64,
    chain: u32,
    records: &[Record],
) -> (Vec<Encoded>, u32) {
    let commit_next = first + records.len() as u64;
    let (mut rest, mut first, mut chain) = (records, first, chain);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (frame, others) = rest.split_at(fill(rest));
        frames.push(Encoded { first, at: buffer.len(), previous: chain });
        chain = encode_frame(buffer, seed, first, commit_next, time, chain, frame);
        first += frame.len() as u64;
        rest = others;
    }
    (frames, chain)
}

fn encode_frame(
    buffer: &mut Vec<u8>,
    seed: u32,
    first: u64,
    commit_next: u64,
    time: u64,
    previous: u32,
    records: &[Record],
) -> u32 {
    let start = buffer.len();
    let body_len: usize = records.iter().map(|record| record.parcel.wire().len()).sum();
    let head_len = FRAME_HEADER + records.len() * ENTRY;
    buffer.reserve((head_len + body_len).next_multiple_of(ALIGNMENT));
    buffer.resize(start + head_len, 0);
    let mut end = 0;
    for (index, Record { parcel, id, event_type, source }) in records.iter().enumerate() {
        end += parcel.wire().len();
        let at = start + FRAME_HEADER + index * ENTRY;
        let entry = &mut buffer[at..at + ENTRY];
        entry[..8].copy_from_slice(&id.to_le_bytes());
        entry[8..16].copy_from_slice(&event_type.to_le_bytes());
        entry[16..24].copy_from_slice(&source.to_le_bytes());
        entry[24..].copy_from_slice(&u32_of(end).to_le_bytes());
        buffer.extend_from_slice(parcel.wire());
    }
    let mut header = record(MAGIC, FRAME_HEADER);
    header.put_u32(previous);
    header.put_u32(crc32c::crc32c(&buffer[start + head_len..]));
    header.put_u64(first);
    header.put_u64(commit_next);
    header.put_u64(time);
    header.put_u32(u32_of(records.len()));
    header.put_u32(u32_of(body_len));
    buffer[start..start + FRAME_HEADER].copy_from_slice(&header);
    let checksum = sign_with(seed, &mut buffer[start..start + head_len]);
    buffer.resize(start + (head_len + body_len).next_multiple_of(ALIGNMENT), 0);
    checksum
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Identity};

    use super::*;

    fn charter() -> Charter {
        Charter::new(Identity::new("app", "key"), 0)
    }

    fn records(charter: &Charter, count: usize, payload: usize) -> Vec<Record> {
        (0..count)
            .map(|n| Envelope {
                data: vec![0x61; payload].into(),
                ..Envelope::new(format!("m-{n}"), charter.application.clone(), "type", "text/plain")
            })
            .map(|envelope| Parcel::seal(envelope).unwrap())
            .map(|parcel| Record::new(charter, parcel))
            .collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let charter = charter();
        let records = records(&charter, 3, 5);
        let mut buffer = Vec::new();
        let (frames, chain) = encode_commit(&mut buffer, 5, 40, 9, 77, &records);
        assert_eq!((frames.len(), frames[0].at, frames[0].first), (1, 0, 40));
        let header =
            FrameHeader::verify(5, &buffer[..FrameHeader::peek(&buffer).unwrap().head_len()]);
        let header = header.unwrap();
        assert_eq!((header.previous, header.checksum), (77, chain));
        assert_eq!((header.first, header.next(), header.commit_next), (40, 43, 43));
        assert_eq!((header.time, header.len()), (9, buffer.len()));
        let body = &buffer[header.head_len()..][..header.body_len as usize];
        assert_eq!(crc32c::crc32c(body), header.body_checksum);
        let mut start = 0;
        let entries = FrameHeader::entries(&buffer[FRAME_HEADER..header.head_len()]);
        for (entry, record) in entries.zip(&records) {
            let end = entry.end as usize;
            assert_eq!(&body[start..end], &record.parcel.wire()[..]);
            assert_eq!(entry.id, record.id);
            assert_eq!(entry.event_type, charter.hash_type("type"));
            assert_eq!(entry.source, charter.hash_source("", ""));
            start = end;
        }
    }

    #[test]
    fn a_frame_is_bounded_and_a_commit_is_not() {
        let charter = charter();
        let mut buffer = Vec::new();
        let (frames, _) =
            encode_commit(&mut buffer, 5, 0, 0, 0, &records(&charter, 10, MAX_BYTES / 3));
        assert_eq!(frames.len(), 5);
        for (frame, next) in frames.iter().zip(frames[1..].iter()) {
            let header = FrameHeader::peek(&buffer[frame.at..]).unwrap();
            assert_eq!((header.commit_next, header.next()), (10, next.first));
            assert_eq!(frame.at + header.len(), next.at);
            assert_eq!(header.checksum, next.previous);
        }
        assert_eq!(fill(&records(&charter, 2, MAX_BYTES * 2)), 1);
        let one = records(&charter, 1, 0);
        assert_eq!(
            fill(&vec![one[0].clone(); 3000]),
            MAX_EVENTS.min(MAX_BYTES / one[0].parcel.wire().len())
        );
    }

    #[test]
    fn every_flipped_bit_of_a_head_is_noticed() {
        let charter = charter();
        let mut buffer = Vec::new();
        encode_commit(&mut buffer, 5, 1, 2, 3, &records(&charter, 2, 2));
        let len = FrameHeader::peek(&buffer).unwrap().head_len();
        assert!(FrameHeader::verify(5, &buffer[..len]).is_some());
        assert_eq!(FrameHeader::verify(6, &buffer[..len]), None, "another store's");
        for at in 0..len {
            let mut head = buffer[..len].to_vec();
            head[at] ^= 1 << (at % 8);
            assert_eq!(FrameHeader::verify(5, &head), None, "byte {at}");
        }
    }
}
