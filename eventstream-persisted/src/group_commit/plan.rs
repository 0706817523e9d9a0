use std::{collections::HashMap, ops::Range};

use eventstream_core::{Parcel, Result};

use super::Append;
use crate::placement::{Repetition, place};

/// What a batch comes to in a store whose next offset, and of whose messages those with the same ids,
/// are known: which parcels are to be stored, and what each append is told then.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    first: u64,
    next: u64,
    /// Where messages are: those that were asked for, and those that are to be stored.
    places: HashMap<&'a str, u64>,
    parcels: Vec<&'a Parcel>,
}

impl<'a> Plan<'a> {
    /// `stored` has the offsets of all messages that the batch asks for and that are stored.
    pub(crate) fn new(next: u64, stored: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
        Self { first: next, next, places: stored.into_iter().collect(), parcels: Vec::new() }
    }

    /// Plans the next append of the batch: the outcome is true once the plan is carried out. One that
    /// is refused changes nothing.
    pub(crate) fn add(&mut self, append: &'a Append) -> Result<Range<u64>> {
        let mut repetition = Repetition::default();
        for parcel in append.parcels() {
            let id = parcel.message_id();
            repetition.saw(id, self.places.get(id).copied());
        }
        if let Some(outcome) = repetition.outcome() {
            return outcome;
        }
        let offsets = place(self.next, append.parcels().len(), append.expect())?;
        for (parcel, offset) in append.parcels().iter().zip(offsets.clone()) {
            self.places.insert(parcel.message_id(), offset);
            self.parcels.push(parcel);
        }
        self.next = offsets.end;
        Ok(offsets)
    }

    /// The offset of the first parcel that is to be stored.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// What is to be stored, from [`first`](Self::first) on.
    pub(crate) fn parcels(&self) -> &[&'a Parcel] {
        &self.parcels
    }
}
