use std::{collections::HashMap, ops::Range};

use eventstream_core::Expect;

use super::core::State;
use crate::{
    embedded::{
        error::Result,
        files::Files,
        ids::{HashIsKey, Ids},
        layout::Record,
        read::{ReadEvent, read_event},
    },
    placement::{Repetition, place},
};

/// What a caller gets to hear if the commit takes place.
pub(super) type Outcome<T> = eventstream_core::Result<T>;

/// Appends that will be committed together.
pub(crate) struct Batch<'a> {
    files: &'a Files,
    state: &'a State,
    ids: &'a mut Ids,
    /// What is appended, from `state.next` on.
    records: Vec<Record>,
    /// Where those of the records are, by the hashes of their ids, that were appended before the
    /// last time that somebody had to know.
    pending: HashMap<u64, Vec<u64>, HashIsKey>,
    /// So many of the records are there.
    indexed: usize,
    found: Vec<u64>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(files: &'a Files, state: &'a State, ids: &'a mut Ids) -> Self {
        Self {
            files,
            state,
            ids,
            records: Vec::new(),
            pending: HashMap::default(),
            indexed: 0,
            found: Vec::new(),
        }
    }

    /// Appends events after those that are here, or says why they can't be, in which case nothing
    /// has changed. Their ids differ from each other.
    pub(crate) fn append(
        &mut self,
        mut records: Vec<Record>,
        expect: Expect,
    ) -> Result<Outcome<Range<u64>>> {
        if let Some(outcome) = self.repetition(&records)? {
            return Ok(outcome);
        }
        let offsets = match place(self.next(), records.len(), expect) {
            Ok(offsets) => offsets,
            Err(refused) => return Ok(Err(refused)),
        };
        self.records.append(&mut records);
        Ok(Ok(offsets))
    }

    pub(super) fn into_records(self) -> Vec<Record> {
        self.records
    }

    fn next(&self) -> u64 {
        self.state.next + self.records.len() as u64
    }

    /// The range that parcels were given before, if this append is a repetition; an error if it is
    /// one in part.
    fn repetition(&mut self, records: &[Record]) -> Result<Option<Outcome<Range<u64>>>> {
        self.index_pending();
        let mut repetition = Repetition::default();
        for record in records {
            let message_id = record.parcel.message_id();
            repetition.saw(message_id, self.find(message_id, record.id)?);
        }
        Ok(repetition.outcome())
    }

    /// Notes where the records are. A batch of one append needs it never.
    fn index_pending(&mut self) {
        for (record, offset) in self.records.iter().zip(self.state.next..).skip(self.indexed) {
            self.pending.entry(record.id).or_default().push(offset);
        }
        self.indexed = self.records.len();
    }

    /// Where a message is.
    fn find(&mut self, message_id: &str, hash: u64) -> Result<Option<u64>> {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        if let Some(pending) = self.pending.get(&hash) {
            found.extend(pending);
        }
        let read = self.ids.find(self.files, hash, &mut found);
        // A message stands once, but two ids can have one hash.
        let mut place = None;
        for offset in &found {
            if read.is_ok() && self.has_id(*offset, message_id)? {
                place = Some(*offset);
                break;
            }
        }
        self.found = found;
        read.map(|()| place)
    }

    /// Two ids can have one hash: the event says which it is.
    fn has_id(&mut self, offset: u64, message_id: &str) -> Result<bool> {
        // Truncated: its id may be used again.
        if offset < self.state.oldest {
            return Ok(false);
        }
        if let Some(pending) = offset.checked_sub(self.state.next) {
            let record = usize::try_from(pending).ok().and_then(|index| self.records.get(index));
            return Ok(record.is_some_and(|record| record.parcel.message_id() == message_id));
        }
        match read_event(self.files, offset) {
            Ok(ReadEvent::Found(event)) => Ok(event.parcel.message_id() == message_id),
            Ok(ReadEvent::Truncated) => Ok(false),
            // What is damaged can't say what it was: the hash alone is taken for the answer, so
            // that nothing that may be there is appended again.
            Err(crate::EmbeddedStoreError::Damaged { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }
}
