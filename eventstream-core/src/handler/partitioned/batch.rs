use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

use tokio::sync::watch;
use tracing::warn;

use super::workers::AtWork;
use crate::{Apply, Event, HandlerError};

/// Events that are handled at the same time, in so far as their partitions allow.
///
/// Events are known by their place in the batch.
pub(super) struct Batch<'a> {
    offsets: Vec<u64>,
    /// Those that nothing was begun with.
    events: Vec<Option<Event>>,
    /// What follows an event in its partition.
    next: Vec<Option<usize>>,
    /// What can be begun with, the first one on top: that brings the low-water mark on.
    ready: BinaryHeap<Reverse<usize>>,
    /// The offsets of events that were handled.
    handled: &'a mut BTreeSet<u64>,
    /// So many events at the front were handled.
    low: usize,
    /// The low-water mark: below it all is handled.
    mark: u64,
    /// The first event that failed.
    failed: Option<(usize, HandlerError)>,
}

impl<'a> Batch<'a> {
    /// A batch of events from `offset` on, with the number of the partition of each. What was
    /// handled already is passed over.
    pub(super) fn new(
        offset: u64,
        events: Vec<Event>,
        partitions: &[usize],
        handled: &'a mut BTreeSet<u64>,
    ) -> Self {
        let offsets: Vec<_> = events.iter().map(|event| event.offset).collect();
        let mut next = vec![None; events.len()];
        let mut ready = BinaryHeap::new();
        // The last event of each partition so far.
        let mut last = vec![None; events.len()];
        for (place, partition) in partitions.iter().enumerate() {
            if handled.contains(&offsets[place]) {
                continue;
            }
            match last[*partition].replace(place) {
                None => ready.push(Reverse(place)),
                Some(before) => next[before] = Some(place),
            }
        }
        let events = events.into_iter().map(Some).collect();
        let mut batch =
            Self { offsets, events, next, ready, handled, low: 0, mark: offset, failed: None };
        batch.raise();
        batch
    }

    /// Handles the events, up to `concurrency` of them at once, until all are handled that can be;
    /// or, once nobody looks at the mark any more, those that are in hand. Returns the low-water
    /// mark, and the failure of the first event that failed.
    pub(super) async fn run<A: Apply<()> + Clone + 'static>(
        mut self,
        mut workers: AtWork<'_, A>,
        concurrency: usize,
        mark: watch::Sender<u64>,
    ) -> (u64, Result<(), HandlerError>) {
        mark.send_replace(self.mark);
        loop {
            while workers.busy() < concurrency && !mark.is_closed() {
                let Some(Reverse(place)) = self.ready.pop() else { break };
                if let Some(event) = self.events[place].take() {
                    workers.begin(place, event);
                }
            }
            let Some((place, result)) = workers.ended().await else { break };
            match result {
                Ok(()) => {
                    self.handled.insert(self.offsets[place]);
                    self.ready.extend(self.next[place].map(Reverse));
                    self.raise();
                    mark.send_replace(self.mark);
                }
                Err(error) => self.fail(place, error),
            }
        }
        (self.mark, self.failed.map_or(Ok(()), |(_, error)| Err(error)))
    }

    fn raise(&mut self) {
        while let Some(offset) = self.offsets.get(self.low).filter(|it| self.handled.contains(it)) {
            self.mark = offset.saturating_add(1);
            self.low += 1;
        }
    }

    /// Keeps the failure if it is that of the earliest event, and logs the other one, which nobody
    /// else hears of.
    fn fail(&mut self, place: usize, error: HandlerError) {
        let other = match self.failed.take() {
            Some(first) if first.0 < place => {
                self.failed = Some(first);
                Some((place, error))
            }
            before => {
                self.failed = Some((place, error));
                before
            }
        };
        if let Some((place, error)) = other {
            warn!(
                offset = self.offsets[place],
                error = error.source(),
                "{error}: its partition waits, as does that of an earlier event that failed"
            );
        }
    }
}
