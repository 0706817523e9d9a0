//! A store that does what the tests of the importer need.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex},
};

use eventstream_core::{
    Error, Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Parcel, Result,
};

/// A store in memory, as the contract has it.
#[derive(Clone, Default)]
pub(super) struct Store(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) ids: Vec<u32>,
    pub(super) commits: usize,
    pub(super) calls: usize,
    /// What others do right before the next calls.
    pub(super) others: VecDeque<Vec<u32>>,
    /// How many of the next calls fail, and whether they commit nonetheless.
    pub(super) failures: usize,
    pub(super) failures_commit: bool,
    /// From this call on it says no more than that it has stopped.
    pub(super) stops_at: Option<usize>,
    /// The offset that is expected is looked at before the duplicates.
    pub(super) offset_first: bool,
}

impl Store {
    pub(super) fn of(ids: impl IntoIterator<Item = u32>) -> Self {
        let store = Self::default();
        store.with(|it| it.ids.extend(ids));
        store
    }

    pub(super) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap())
    }

    pub(super) fn ids(&self) -> Vec<u32> {
        self.with(|it| it.ids.clone())
    }
}

impl State {
    fn append(&mut self, ids: &[u32], expect: Expect) -> Result<Range<u64>> {
        let places: Vec<_> = ids.iter().map(|id| self.ids.iter().position(|it| it == id)).collect();
        if let Some(first) = places[0]
            && (first..).zip(&places).all(|(i, place)| *place == Some(i))
        {
            return Ok(first as u64..(first + ids.len()) as u64);
        }
        let actual = self.ids.len() as u64;
        let conflict = match expect {
            Expect::Offset(expected) if expected != actual => {
                Err(Error::OffsetConflict { expected, actual })
            }
            _ => Ok(()),
        };
        if self.offset_first {
            conflict?;
        }
        if let Some((i, place)) =
            places.iter().enumerate().find_map(|(i, place)| Some((i, (*place)?)))
        {
            return Err(Error::DuplicateMessage {
                message_id: ids[i].to_string(),
                offset: place as u64,
            });
        }
        match expect {
            Expect::Offset(expected) if expected != actual => {
                return Err(Error::OffsetConflict { expected, actual });
            }
            _ => {}
        }
        self.ids.extend(ids);
        self.commits += 1;
        Ok(actual..actual + ids.len() as u64)
    }
}

impl EventStore for Store {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let ids: Vec<u32> =
            parcels.iter().map(|parcel| parcel.message_id().parse().unwrap()).collect();
        self.with(|state| {
            state.calls += 1;
            if let Some(other) = state.others.pop_front() {
                for id in other {
                    if !state.ids.contains(&id) {
                        state.ids.push(id);
                    }
                }
            }
            if state.failures > 0 {
                state.failures -= 1;
                if state.failures_commit {
                    let _ = state.append(&ids, expect);
                }
                if state.stops_at.is_some_and(|call| state.calls >= call) {
                    return Err(Error::backend("append", false, "stopped"));
                }
                return Err(Error::backend("append", true, "busy"));
            }
            state.append(&ids, expect)
        })
    }

    async fn truncate(&self, _before: u64) -> Result<()> {
        unreachable!("nothing is truncated here")
    }
}

pub(super) struct NoQuery;

impl EventQuery for NoQuery {
    async fn next_batch(&mut self, _: &mut Vec<Event>, _: usize) -> Result<usize> {
        Ok(0)
    }

    fn position(&self) -> u64 {
        0
    }
}

impl EventRepository for Store {
    type Query = NoQuery;

    async fn next_offset(&self) -> Result<u64> {
        Ok(self.with(|state| state.ids.len() as u64))
    }

    async fn load_by_type(&self, _: EventTypes, _: u64) -> Result<NoQuery> {
        Ok(NoQuery)
    }

    async fn load_by_source(&self, _: &str, _: &str) -> Result<NoQuery> {
        Ok(NoQuery)
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        Ok(offset + 1)
    }
}
