//! A query of the model.

use eventstream_core::{Event, EventQuery};

use crate::{
    RepositoryEnv,
    failure::{Check, ensure},
    repository::{scan::Scan, stage::Stage},
};

/// A query, and what it has to do next.
pub(crate) struct Tracked<Q> {
    pub(crate) scan: Scan<Q>,
    /// It begins below the oldest event: its first call has to say so.
    pub(crate) refused: bool,
}

impl<Q: EventQuery> Tracked<Q> {
    /// What the repository has for this query: more than any call of the model can add.
    pub(crate) fn expected(&self, stage: &Stage<impl RepositoryEnv>) -> Vec<Event> {
        let scan = &self.scan;
        stage.wanted(scan.next, 8, |parcel| scan.wanted.matches(parcel))
    }

    /// A query that was overtaken may say so, in the right numbers, but leaves nothing out.
    pub(crate) fn check_truncated(
        &self,
        expected: &[Event],
        requested: u64,
        oldest: u64,
        oldest_now: u64,
    ) -> Check {
        let most = expected.first().map_or(u64::MAX, |event| event.offset);
        ensure!(
            requested == self.scan.query.position()
                && (self.scan.next..=most).contains(&requested)
                // It may have found out before the repository was truncated once more.
                && (requested + 1..=oldest_now).contains(&oldest),
            "{} has returned all below {}, and {oldest_now} is the oldest offset, but it says \
             that {requested} is truncated and {oldest} is the oldest",
            self.scan.name,
            self.scan.next
        );
        Ok(())
    }
}
