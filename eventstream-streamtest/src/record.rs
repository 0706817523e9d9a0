use std::{future::Future, ops::Range};

use eventstream_core::{BoxError, Event, EventTypes, Identity, Parcel};

use crate::{
    Parcels, Timing,
    failure::{Check, chain, fail},
    parcels::TYPES,
    run::Progress,
    scene::Scene,
};

/// What was appended to an environment, as it has to be read.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) parcels: Parcels,
    first: u64,
    log: Vec<Event>,
    pub(crate) timing: Timing,
    pub(crate) progress: Progress,
}

impl Record {
    /// Nothing yet; the first event gets this offset.
    pub(crate) fn new<H>(scene: &Scene<H>, application: Identity, first: u64) -> Self {
        Self {
            parcels: Parcels::new(application),
            first,
            log: Vec::new(),
            timing: scene.timing,
            progress: scene.progress.clone(),
        }
    }

    /// All that was appended.
    pub(crate) fn log(&self) -> &[Event] {
        &self.log
    }

    pub(crate) fn into_log(self) -> Vec<Event> {
        self.log
    }

    /// What was appended at these offsets, counted from the first.
    pub(crate) fn events(&self, range: Range<usize>) -> Vec<Event> {
        self.log[range].to_vec()
    }

    /// Of all that was appended from this offset on, the events of these types.
    pub(crate) fn matching(&self, offset: u64, types: &EventTypes) -> Vec<Event> {
        self.upcoming(offset, types, usize::MAX)
    }

    /// The first of them, so many at most.
    pub(crate) fn upcoming(&self, offset: u64, types: &EventTypes, most: usize) -> Vec<Event> {
        self.wanted(offset, most, |parcel| types.contains(parcel.event_type()))
    }

    /// Of all that was appended from this offset on, the first that are wanted, so many at most.
    pub(crate) fn wanted(
        &self,
        offset: u64,
        most: usize,
        is_wanted: impl Fn(&Parcel) -> bool,
    ) -> Vec<Event> {
        let before = offset.saturating_sub(self.first);
        self.log
            .iter()
            .skip(usize::try_from(before).unwrap_or(usize::MAX))
            .filter(|event| is_wanted(&event.parcel))
            .take(most)
            .cloned()
            .collect()
    }

    /// The offset that the next event gets.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.log.len() as u64
    }

    /// A parcel for each type.
    pub(crate) fn make(&mut self, types: &[&str]) -> Vec<Parcel> {
        types.iter().map(|name| self.parcels.make(name)).collect()
    }

    /// So many parcels, of the suite's types in turn.
    pub(crate) fn make_many(&mut self, count: usize) -> Vec<Parcel> {
        let types: Vec<_> = TYPES.into_iter().cycle().take(count).collect();
        self.make(&types)
    }

    /// Records these parcels as appended; returns them as events.
    pub(crate) fn add(&mut self, parcels: Vec<Parcel>) -> Vec<Event> {
        // In this order `zip` asks for no offset past the last one, which may be the largest.
        let events: Vec<_> = parcels
            .into_iter()
            .zip(self.end()..)
            .map(|(parcel, offset)| Event::new(offset, parcel))
            .collect();
        self.log.extend(events.iter().cloned());
        events
    }

    /// Waits for an environment to append these parcels, and records them.
    pub(crate) async fn appended(
        &mut self,
        parcels: Vec<Parcel>,
        append: impl Future<Output = Result<(), BoxError>>,
    ) -> Check<Vec<Event>> {
        self.progress.doing(format!("appending {} events at {}", parcels.len(), self.end()));
        match append.await {
            Ok(()) => Ok(self.add(parcels)),
            Err(error) => fail!(
                "appending {} events at {} fails: {}",
                parcels.len(),
                self.end(),
                chain(&*error)
            ),
        }
    }

    /// Waits for an environment to be truncated.
    pub(crate) async fn truncated(
        &self,
        before: u64,
        truncate: impl Future<Output = Result<(), BoxError>>,
    ) -> Check {
        self.progress.doing(format!("truncating before {before}"));
        match truncate.await {
            Ok(()) => Ok(()),
            Err(error) => fail!("truncating before {before} fails: {}", chain(&*error)),
        }
    }
}
