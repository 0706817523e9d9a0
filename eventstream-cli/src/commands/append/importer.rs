//! Appending what is not there yet, and counting what is.

use std::{collections::HashMap, ops::Range};

use eventstream_core::{Error, EventQuery, EventStore, EventTypes, Expect, Parcel, Result};
use serde::Serialize;

use super::{
    clash::{Clash, without_repetition},
    perseverance::Perseverance,
    turn::Turn,
};

/// After so many conflicts in a row an append no longer insists on its place.
const CONFLICTS: usize = 8;

/// What became of the input so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// The lowest offset of the input's events; the store's next one if there are none.
    pub(crate) first: u64,
    /// The highest offset of the input's events, plus one; the same if there are none.
    pub(crate) next: u64,
    /// How many events were appended.
    pub(crate) appended: u64,
    /// How many were there already, in the store or earlier in the input.
    pub(crate) duplicates: u64,
}

/// Appends batches to a store, which others may append to at the same time.
pub(crate) struct Importer<S> {
    store: S,
    turn: Turn,
    perseverance: Perseverance,
    /// How many events the store takes at once.
    most: usize,
    /// The store's next offset, as far as it is known.
    next: u64,
    /// The offsets between which all events of the input lie.
    range: Option<Range<u64>>,
    appended: u64,
    duplicates: u64,
    clash: Option<Clash>,
}

/// Where a parcel is in the store.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u64,
    is_new: bool,
}

/// What an append came to.
enum Outcome {
    /// All parcels are in the store now, one after another from the first place on.
    Placed(Place),
    /// One of the parcels was there, and is no part of a repetition; nothing was appended.
    Overlap { index: usize, offset: u64 },
}

impl<S: EventStore> Importer<S> {
    pub(crate) async fn new(store: S, turn: Turn) -> Result<Self> {
        Ok(Self {
            next: store.next_offset().await?,
            store,
            turn,
            perseverance: Perseverance::STORE,
            most: usize::MAX,
            range: None,
            appended: 0,
            duplicates: 0,
            clash: None,
        })
    }

    /// Tries again what has failed, for as long as this says.
    pub(crate) fn perseverance(self, perseverance: Perseverance) -> Self {
        Self { perseverance, ..self }
    }

    /// Appends no more than this at once.
    pub(crate) fn most(self, most: usize) -> Self {
        Self { most: most.max(1), ..self }
    }

    /// The first duplicate that was found to have another source than the event that is there.
    pub(crate) fn clash(&self) -> Option<&Clash> {
        self.clash.as_ref()
    }

    pub(crate) fn tally(&self) -> Tally {
        let range = self.range.clone().unwrap_or(self.next..self.next);
        Tally {
            first: range.start,
            next: range.end,
            appended: self.appended,
            duplicates: self.duplicates,
        }
    }

    /// Appends those of the parcels that are not in the store, as one if the store takes so many.
    /// Returns where all of them are: each range stands for as many parcels, in their order.
    pub(crate) async fn import(&mut self, mut parcels: Vec<Parcel>) -> Result<Vec<Range<u64>>> {
        let mut ranges = Vec::new();
        while parcels.len() > self.most {
            let rest = parcels.split_off(self.most);
            ranges.append(&mut self.import_at_once(parcels).await?);
            parcels = rest;
        }
        ranges.append(&mut self.import_at_once(parcels).await?);
        // What goes on where the one before it ends is one.
        ranges.dedup_by(|next, last| {
            let goes_on = last.end == next.start;
            if goes_on {
                last.end = next.end;
            }
            goes_on
        });
        Ok(ranges)
    }

    async fn import_at_once(&mut self, parcels: Vec<Parcel>) -> Result<Vec<Range<u64>>> {
        let (unique, slots, mut clash) = without_repetition(parcels);
        let mut places = self.place(&unique).await?;
        if self.clash.is_none() {
            if let Some(found) = self.find_clash(&unique, &places).await {
                clash = Some(found);
            }
            self.clash = clash;
        }
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for slot in slots {
            let Place { offset, is_new } = places[slot];
            if is_new {
                self.appended += 1;
                // Should it come again, it is there.
                places[slot].is_new = false;
            } else {
                self.duplicates += 1;
            }
            match ranges.last_mut() {
                Some(last) if last.end == offset => last.end += 1,
                _ => ranges.push(offset..offset + 1),
            }
        }
        for Range { start, end } in ranges.iter().cloned() {
            let all = self.range.get_or_insert(start..end);
            *all = all.start.min(start)..all.end.max(end);
        }
        Ok(ranges)
    }

    /// Appends what is new among parcels of which no two are the same, with as few commits as can
    /// be: one, if nobody else appends the same ones meanwhile.
    async fn place(&mut self, parcels: &[Parcel]) -> Result<Vec<Place>> {
        let mut places: Vec<Option<Place>> = vec![None; parcels.len()];
        // Those without a place.
        let mut rest: Vec<usize> = (0..parcels.len()).collect();
        while !rest.is_empty() {
            let candidates: Vec<Parcel> = rest.iter().map(|&i| parcels[i].clone()).collect();
            match self.append(&candidates).await? {
                Outcome::Placed(first) => {
                    for (&i, offset) in rest.iter().zip(first.offset..) {
                        places[i] = Some(Place { offset, ..first });
                    }
                    break;
                }
                Outcome::Overlap { index, offset } => {
                    let is_new = false;
                    places[rest[index]] = Some(Place { offset, is_new });
                    let others: Vec<usize> = rest.drain(index..).skip(1).collect();
                    // Those before the first that is there are not there.
                    for (i, found) in others.iter().zip(self.find(parcels, &others, offset).await?)
                    {
                        match found {
                            Some(offset) => places[*i] = Some(Place { offset, is_new }),
                            None => rest.push(*i),
                        }
                    }
                }
            }
        }
        Ok(places.into_iter().flatten().collect())
    }

    /// Looks for a duplicate whose source is another one. It is only about a warning: duplicates
    /// that are far from each other are not all looked at, and a failure is none.
    async fn find_clash(&self, parcels: &[Parcel], places: &[Place]) -> Option<Clash> {
        let known: HashMap<u64, &Parcel> = places
            .iter()
            .zip(parcels)
            .filter_map(|(place, parcel)| (!place.is_new).then_some((place.offset, parcel)))
            .collect();
        let first = *known.keys().min()?;
        let last = *known.keys().max()?;
        let end = last.min(first + 2 * parcels.len() as u64) + 1;
        let mut query = self.store.load_by_type(EventTypes::any(), first).await.ok()?;
        let mut events = Vec::new();
        while query.position() < end && query.next_batch(&mut events, parcels.len()).await.ok()? > 0
        {
            for event in events.drain(..) {
                if let Some(parcel) = known.get(&event.offset)
                    && let Some(clash) = Clash::between(parcel, &event.parcel)
                {
                    return Some(clash);
                }
            }
        }
        None
    }

    /// Finds out which of some parcels are in the store, and where, by halving; appends nothing.
    ///
    /// What it takes for absent may be there after all, if a store looks at the offset that is
    /// expected before it looks for duplicates; the append will tell.
    async fn find(
        &self,
        parcels: &[Parcel],
        wanted: &[usize],
        taken: u64,
    ) -> Result<Vec<Option<u64>>> {
        let mut found = vec![None; wanted.len()];
        let mut parts = Vec::new();
        let halve = |parts: &mut Vec<Range<usize>>, part: Range<usize>| {
            let middle = part.start + part.len() / 2;
            for half in [part.start..middle, middle..part.end] {
                if !half.is_empty() {
                    parts.push(half);
                }
            }
        };
        halve(&mut parts, 0..wanted.len());
        while let Some(part) = parts.pop() {
            let candidates: Vec<Parcel> =
                wanted[part.clone()].iter().map(|&i| parcels[i].clone()).collect();
            // An offset that is taken is never the next one: nothing can be appended by this.
            let expect = Expect::Offset(taken);
            match self.try_append(&candidates, expect).await {
                Ok(range) => {
                    for (slot, offset) in part.zip(range) {
                        found[slot] = Some(offset);
                    }
                }
                Err(Error::OffsetConflict { .. }) => {}
                Err(Error::DuplicateMessage { message_id, offset }) => {
                    let index = position(&candidates, &message_id, offset)?;
                    found[part.start + index] = Some(offset);
                    halve(&mut parts, part.start + index + 1..part.end);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Appends parcels as one, and finds out whether that was a repetition.
    ///
    /// The store does not say it; but what is new has the offset that was expected, and what was
    /// there before has another one. (Unless somebody else appends just the same batch at just the
    /// same place between our look at the next offset and our append: other programs like this one
    /// wait for their turn, so it could only be another kind of program.)
    async fn append(&mut self, parcels: &[Parcel]) -> Result<Outcome> {
        let _turn = self.turn.wait().await;
        self.next = self.perseverance.call(async || self.store.next_offset().await).await?;
        let mut conflicts = 0;
        loop {
            // If others are always faster, better a place that is not known before than none.
            let insists = conflicts < CONFLICTS;
            let expect = if insists { Expect::Offset(self.next) } else { Expect::Any };
            match self.try_append(parcels, expect).await {
                Ok(range) => {
                    let is_new = range.start == self.next || (!insists && range.start > self.next);
                    self.next = self.next.max(range.end);
                    return Ok(Outcome::Placed(Place { offset: range.start, is_new }));
                }
                Err(Error::OffsetConflict { actual, .. }) => {
                    self.next = actual;
                    conflicts += 1;
                }
                Err(Error::DuplicateMessage { message_id, offset }) => {
                    let index = position(parcels, &message_id, offset)?;
                    return Ok(Outcome::Overlap { index, offset });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Appends; tries again after a failure that may pass. If the first try was committed and only
    /// its answer lost, the second one is a repetition, and has the same answer.
    async fn try_append(&self, parcels: &[Parcel], expect: Expect) -> Result<Range<u64>> {
        self.perseverance.call(async || self.store.append(parcels.to_vec(), expect).await).await
    }
}

/// Where the message stands that the store has named as a duplicate.
fn position(parcels: &[Parcel], message_id: &str, offset: u64) -> Result<usize> {
    parcels.iter().position(|parcel| parcel.message_id() == message_id).ok_or_else(|| {
        let problem = format!(
            "the store says that message {message_id} is there, at offset {offset}, but it \
                 is none of those that were appended"
        );
        Error::backend("append", false, problem)
    })
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)]
#[path = "importer_tests.rs"]
mod tests;
