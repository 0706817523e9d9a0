use std::{collections::HashMap, fmt};

use eventstream_core::Parcel;

use crate::cloud_event;

/// A duplicate, as its id has it, whose source is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    message_id: String,
    source: String,
    known_source: String,
}

impl Clash {
    pub(super) fn between(parcel: &Parcel, known: &Parcel) -> Option<Self> {
        let (source, known_source) = (cloud_event::source(parcel), cloud_event::source(known));
        (source != known_source).then(|| Self {
            message_id: parcel.message_id().to_owned(),
            source: source.into_owned(),
            known_source: known_source.into_owned(),
        })
    }
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message_id, source, known_source } = self;
        write!(
            f,
            "the event with id {message_id:?} and source {source:?} is not stored: the id alone \
             identifies an event, and this one is taken by an event with source {known_source:?}; \
             there may be more such events"
        )
    }
}

/// The first parcel with each message id; for all parcels, which of those they are; and whether one
/// has another source than that one.
pub(super) fn without_repetition(parcels: Vec<Parcel>) -> (Vec<Parcel>, Vec<usize>, Option<Clash>) {
    let mut known = HashMap::with_capacity(parcels.len());
    let mut clash = None;
    let mut is_first = Vec::with_capacity(parcels.len());
    let mut slots = Vec::with_capacity(parcels.len());
    for parcel in &parcels {
        let count = known.len();
        let (slot, first) = *known.entry(parcel.message_id()).or_insert((count, parcel));
        if clash.is_none() && slot != count {
            clash = Clash::between(parcel, first);
        }
        is_first.push(slot == count);
        slots.push(slot);
    }
    drop(known);
    let unique = parcels
        .into_iter()
        .zip(is_first)
        .filter_map(|(parcel, is_first)| is_first.then_some(parcel))
        .collect();
    (unique, slots, clash)
}
