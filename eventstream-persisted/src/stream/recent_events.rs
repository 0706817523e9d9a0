use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use eventstream_core::{EventTypes, Identity, Parcel};
use eventstream_memory::{MemoryCursor, MemoryStream};

/// The most recent events of a repository, kept in memory: a short cut for cursors at its end.
///
/// Whoever commits events [`record`](Self::record)s them here. What is recorded late, twice or not
/// at all costs a cursor a read of the repository, and nothing else: the cache can miss events, but
/// never has wrong ones.
///
/// A clone is another handle to the same cache.
#[derive(Clone, Debug)]
pub struct RecentEvents(Option<Arc<Cache>>);

#[derive(Debug)]
struct Cache {
    events: MemoryStream,
    size: usize,
    max_bytes: usize,
    /// Held while events are recorded: to look at the end and to append there is one step.
    sizes: Mutex<Sizes>,
}

/// How large the events are that are kept.
#[derive(Debug, Default)]
struct Sizes {
    sizes: VecDeque<usize>,
    sum: usize,
}

impl Sizes {
    fn push(&mut self, size: usize) {
        self.sizes.push_back(size);
        self.sum += size;
    }

    /// Forgets the oldest ones, until so many are left.
    fn keep(&mut self, count: u64) {
        while self.sizes.len() as u64 > count {
            self.sum -= self.sizes.pop_front().unwrap_or_default();
        }
    }
}

impl RecentEvents {
    /// A cache of `size` events of an application, whose repository's next offset is `next`. A size
    /// of 0 is no cache.
    #[must_use]
    pub fn new(application: &Identity, next: u64, size: usize) -> Self {
        Self::bounded(application, next, size, usize::MAX)
    }

    /// As [`new`](Self::new), but of no more events than have `max_bytes` together on the wire. An
    /// event that is larger by itself is not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::Identity;
    /// use eventstream_persisted::RecentEvents;
    ///
    /// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    /// let recent = RecentEvents::bounded(&shop, 0, 1_000, 1 << 20);
    /// # let _ = recent;
    /// ```
    #[must_use]
    pub fn bounded(application: &Identity, next: u64, size: usize, max_bytes: usize) -> Self {
        Self((size > 0 && max_bytes > 0).then(|| {
            let events = MemoryStream::builder(application.clone())
                .first_offset(next)
                .buffer_size(size)
                .reorder_limit(0)
                .build();
            Arc::new(Cache { events, size, max_bytes, sizes: Mutex::default() })
        }))
    }

    /// Records parcels that were committed at `first` and the offsets after it.
    ///
    /// What is known already is ignored. Where events between are missing, because another process
    /// committed them, the cache begins anew.
    pub fn record(&self, first: u64, parcels: &[Parcel]) {
        let Some(cache) = &self.0 else { return };
        let mut sizes = cache.sizes();
        // Of a large append only the end would be kept.
        let skipped = parcels.len() - cache.fitting(parcels);
        let (first, parcels) = (first.saturating_add(skipped as u64), &parcels[skipped..]);
        cache.events.skip_to(first);
        let known = cache.events.next_offset() - first;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        if let Some(new @ [_, ..]) = parcels.get(known..) {
            if cache.events.append(new.to_vec()).is_ok() {
                for parcel in new {
                    sizes.push(parcel.wire().len());
                }
            } else {
                // Parcels of another application: nothing is kept of them, and whoever reads the
                // repository will find out.
                cache.events.skip_to(first.saturating_add(parcels.len() as u64));
            }
        }
        cache.shrink(&mut sizes);
    }

    /// Forgets the events below `offset`: they were truncated.
    pub fn truncate(&self, offset: u64) {
        let Some(cache) = &self.0 else { return };
        let mut sizes = cache.sizes();
        cache.events.skip_to(offset);
        // It can't fail: the events go on at `offset` now, or later.
        let _ = cache.events.truncate(offset);
        cache.shrink(&mut sizes);
    }

    /// A cursor at `position`, if the event there is in the cache.
    pub(super) fn open(&self, position: u64, types: &EventTypes) -> Option<MemoryCursor> {
        if !self.covers(position) {
            return None;
        }
        self.0.as_ref()?.events.open_now(position, types.clone()).ok()
    }

    /// Whether the event at `position` is in the cache.
    pub(super) fn covers(&self, position: u64) -> bool {
        self.0.as_ref().is_some_and(|cache| {
            (cache.events.oldest_offset()..cache.events.next_offset()).contains(&position)
        })
    }
}

impl Cache {
    /// How many of the last of these parcels fit into the cache.
    fn fitting(&self, parcels: &[Parcel]) -> usize {
        let mut bytes = 0_usize;
        let fits = |parcel: &&Parcel| {
            bytes = bytes.saturating_add(parcel.wire().len());
            bytes <= self.max_bytes
        };
        parcels.iter().rev().take(self.size).take_while(fits).count()
    }

    /// Forgets the oldest events, until those that are left have no more bytes than they may.
    fn shrink(&self, sizes: &mut Sizes) {
        let count = |events: &MemoryStream| events.next_offset() - events.oldest_offset();
        sizes.keep(count(&self.events));
        while sizes.sum > self.max_bytes {
            let oldest = self.events.oldest_offset();
            let _ = self.events.truncate(oldest + 1);
            sizes.keep(count(&self.events));
        }
    }

    fn sizes(&self) -> MutexGuard<'_, Sizes> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventstream_core::Envelope;

    fn application() -> Identity {
        Identity::new("app", "app-key")
    }

    fn parcels(first: u64, count: u64) -> Vec<Parcel> {
        (first..first + count)
            .map(|n| Envelope {
                // All of one length.
                created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
                ..Envelope::new(format!("m-{n}"), application(), "type", "text/plain")
            })
            .map(|envelope| Parcel::seal(envelope).unwrap())
            .collect()
    }

    fn kept(cache: &RecentEvents, from: u64) -> Option<Vec<String>> {
        let mut events = Vec::new();
        cache.open(from, &EventTypes::any())?.try_next_batch(&mut events, 100).unwrap();
        Some(events.iter().map(|e| format!("{}:{}", e.offset, e.parcel.message_id())).collect())
    }

    #[test]
    fn what_follows_is_kept() {
        let cache = RecentEvents::new(&application(), 5, 10);
        cache.record(5, &parcels(5, 2));
        cache.record(7, &parcels(7, 1));
        assert_eq!(kept(&cache, 5).unwrap(), ["5:m-5", "6:m-6", "7:m-7"]);
        assert!(kept(&cache, 4).is_none() && kept(&cache, 8).is_none());
    }

    #[test]
    fn what_is_known_is_ignored() {
        let cache = RecentEvents::new(&application(), 0, 10);
        cache.record(0, &parcels(0, 3));
        cache.record(0, &parcels(0, 2));
        cache.record(1, &parcels(1, 3));
        assert_eq!(kept(&cache, 0).unwrap(), ["0:m-0", "1:m-1", "2:m-2", "3:m-3"]);
    }

    #[test]
    fn a_gap_begins_it_anew() {
        let cache = RecentEvents::new(&application(), 0, 10);
        cache.record(0, &parcels(0, 3));
        cache.record(5, &parcels(5, 2));
        assert!(kept(&cache, 2).is_none());
        assert_eq!(kept(&cache, 5).unwrap(), ["5:m-5", "6:m-6"]);
        // What comes too late to fill the gap is not needed any more.
        cache.record(3, &parcels(3, 2));
        assert_eq!(kept(&cache, 5).unwrap(), ["5:m-5", "6:m-6"]);
    }

    #[test]
    fn of_a_large_append_the_end_is_kept() {
        let cache = RecentEvents::new(&application(), 0, 3);
        cache.record(0, &parcels(0, 50));
        assert!(!cache.covers(46));
        assert_eq!(kept(&cache, 47).unwrap(), ["47:m-47", "48:m-48", "49:m-49"]);
        cache.record(45, &parcels(45, 6));
        assert_eq!(kept(&cache, 48).unwrap(), ["48:m-48", "49:m-49", "50:m-50"]);
    }

    #[test]
    fn what_is_truncated_is_forgotten() {
        let cache = RecentEvents::new(&application(), 0, 10);
        cache.record(0, &parcels(0, 5));
        cache.truncate(2);
        assert!(!cache.covers(1));
        assert_eq!(kept(&cache, 2).unwrap(), ["2:m-2", "3:m-3", "4:m-4"]);
        cache.truncate(9);
        cache.record(9, &parcels(9, 1));
        assert_eq!(kept(&cache, 9).unwrap(), ["9:m-9"]);
    }

    #[test]
    fn foreign_parcels_are_not_kept() {
        let cache = RecentEvents::new(&Identity::new("other", "other-key"), 0, 10);
        cache.record(0, &parcels(0, 3));
        assert!(!cache.covers(0) && !cache.covers(2));
    }

    #[test]
    fn it_is_bounded_in_bytes() {
        let one = parcels(0, 1)[0].wire().len();
        let cache = RecentEvents::bounded(&application(), 0, 100, 3 * one);
        for n in 0..6 {
            cache.record(n, &parcels(n, 1));
            // What is known is not counted again.
            cache.record(n, &parcels(n, 1));
        }
        assert_eq!(kept(&cache, 3).unwrap(), ["3:m-3", "4:m-4", "5:m-5"]);
        assert!(!cache.covers(2));
        cache.record(6, &parcels(6, 3));
        assert!(!cache.covers(5) && cache.covers(6) && cache.covers(8));
        let large = Envelope {
            data: vec![0; 4 * one].into(),
            ..Envelope::new("large", application(), "type", "text/plain")
        };
        cache.record(9, &[Parcel::seal(large).unwrap()]);
        assert!(!cache.covers(8) && !cache.covers(9));
        cache.record(10, &parcels(10, 1));
        assert_eq!(kept(&cache, 10).unwrap(), ["10:m-10"]);
    }

    #[test]
    fn a_size_of_zero_is_no_cache() {
        let cache = RecentEvents::new(&application(), 0, 0);
        cache.record(0, &parcels(0, 3));
        assert!(!cache.covers(0));
    }
}
