use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{LogFile, SegmentFile};
use crate::embedded::disk::names::Numbered;

/// Which files with events and ids there are.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// By the first and the next offset.
    segments: BTreeMap<(u64, u64), Arc<SegmentFile>>,
    /// By the first offset.
    logs: BTreeMap<u64, Arc<LogFile>>,
    runs: BTreeSet<(u64, u64)>,
}

/// Where an event is.
pub(crate) enum Place {
    Segment(Arc<SegmentFile>),
    /// In a log; the events up to the offset are there as well, and those that follow too if there
    /// is no newer log.
    Log(Arc<LogFile>, Option<u64>),
    /// Nowhere, and so are those up to the offset, or to the end.
    Missing(Option<u64>),
}

impl Place {
    /// Whether it is the same file, with the same events.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Segment(one), Self::Segment(other)) => Arc::ptr_eq(one, other),
            (Self::Log(one, next), Self::Log(other, other_next)) => {
                Arc::ptr_eq(one, other) && next == other_next
            }
            _ => false,
        }
    }
}

impl Catalog {
    /// Of these names. What is open stays open.
    pub(super) fn of(names: &[String], before: &Self) -> Self {
        let mut catalog = Self::default();
        for numbered in names.iter().filter_map(|name| Numbered::parse(name)) {
            match numbered {
                Numbered::Log { first } => {
                    let known = before.logs.get(&first).cloned();
                    catalog.logs.insert(first, known.unwrap_or_else(|| LogFile::new(first)));
                }
                Numbered::Segment { first, next } => {
                    let known = before.segments.get(&(first, next)).cloned();
                    let segment = known.unwrap_or_else(|| SegmentFile::new(first, next));
                    catalog.segments.insert((first, next), segment);
                }
                Numbered::Run { first, next } => {
                    catalog.runs.insert((first, next));
                }
            }
        }
        catalog
    }

    pub(crate) fn find(&self, offset: u64) -> Place {
        // Of those that overlap, because one was put in another's place, the last one begins latest;
        // they all end at the same offset.
        let last = self.segments.range(..=(offset, u64::MAX)).next_back();
        if let Some((_, segment)) = last.filter(|((_, next), _)| *next > offset) {
            return Place::Segment(segment.clone());
        }
        let following_log =
            self.logs.range(offset.saturating_add(1)..).next().map(|(first, _)| *first);
        let following_segment = self
            .segments
            .range((offset.saturating_add(1), 0)..)
            .next()
            .map(|((first, _), _)| *first);
        let next = [following_log, following_segment].into_iter().flatten().min();
        match self.logs.range(..=offset).next_back() {
            Some((_, log)) => Place::Log(log.clone(), next),
            None => Place::Missing(next),
        }
    }

    /// Whether this segment is there.
    pub(crate) fn has(&self, segment: &SegmentFile) -> bool {
        self.segments.contains_key(&(segment.first(), segment.next()))
    }

    /// The log that is appended to.
    pub(crate) fn newest_log(&self) -> Option<&Arc<LogFile>> {
        self.logs.last_key_value().map(|(_, log)| log)
    }

    /// The logs that are not appended to any more, each with the first offset of the next one.
    pub(crate) fn closed_logs(&self) -> impl Iterator<Item = (Arc<LogFile>, u64)> {
        let logs: Vec<_> = self.logs.values().cloned().collect();
        let nexts: Vec<_> = self.logs.keys().skip(1).copied().collect();
        logs.into_iter().zip(nexts)
    }

    pub(crate) fn logs(&self) -> impl Iterator<Item = &Arc<LogFile>> {
        self.logs.values()
    }

    pub(crate) fn segments(&self) -> impl DoubleEndedIterator<Item = &Arc<SegmentFile>> {
        self.segments.values()
    }

    /// Runs of ids, by their first and their next offset.
    pub(crate) fn runs(&self) -> &BTreeSet<(u64, u64)> {
        &self.runs
    }

    /// Whether segments have all of these events.
    pub(crate) fn are_sealed(&self, first: u64, next: u64) -> bool {
        let mut first = first;
        while first < next {
            match self.find(first) {
                Place::Segment(segment) => first = segment.next(),
                Place::Log(..) | Place::Missing(_) => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(files: &[Numbered]) -> Catalog {
        let names: Vec<_> = files.iter().map(|file| file.name()).collect();
        Catalog::of(&names, &Catalog::default())
    }

    fn place(catalog: &Catalog, offset: u64) -> String {
        match catalog.find(offset) {
            Place::Segment(segment) => format!("segment {} to {}", segment.first(), segment.next()),
            Place::Log(log, next) => format!("log {} to {next:?}", log.first()),
            Place::Missing(next) => format!("missing to {next:?}"),
        }
    }

    #[test]
    fn events_are_found_in_segments_before_logs() {
        let catalog = catalog(&[
            Numbered::Segment { first: 10, next: 20 },
            Numbered::Segment { first: 30, next: 40 },
            Numbered::Segment { first: 35, next: 40 },
            Numbered::Log { first: 30 },
            Numbered::Log { first: 40 },
            Numbered::Log { first: 50 },
        ]);
        assert_eq!(place(&catalog, 5), "missing to Some(10)");
        assert_eq!(place(&catalog, 10), "segment 10 to 20");
        assert_eq!(place(&catalog, 20), "missing to Some(30)");
        assert_eq!(place(&catalog, 34), "segment 30 to 40");
        assert_eq!(place(&catalog, 36), "segment 35 to 40");
        assert_eq!(place(&catalog, 40), "log 40 to Some(50)");
        assert_eq!(place(&catalog, u64::MAX), "log 50 to None");
        assert_eq!(catalog.newest_log().unwrap().first(), 50);
        let closed: Vec<_> = catalog.closed_logs().map(|(log, next)| (log.first(), next)).collect();
        assert_eq!(closed, [(30, 40), (40, 50)]);
        assert!(catalog.are_sealed(30, 40) && catalog.are_sealed(12, 15));
        assert!(!catalog.are_sealed(30, 41) && !catalog.are_sealed(9, 12));
    }
}
