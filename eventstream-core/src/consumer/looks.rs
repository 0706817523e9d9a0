use std::time::Duration;

use tokio::time::Instant;

/// So that an interval of nothing can be doubled, too.
const SHORTEST: Duration = Duration::from_millis(1);

/// When to look at the position of a cursor that has nothing to deliver.
///
/// A pending read borrows the cursor: to look means to drop the read, and to begin another. No
/// event is lost by that, but work may be, such as a page that is half received. So:
///
/// - There is no look unless the cursor may have moved: it was just opened, an event has come, or
///   the read was woken and still has nothing. An idle consumer sleeps.
/// - From one look to the next it takes an interval. It doubles while looks find nothing new: a
///   read that takes longer than the interval gets done after all. While somebody waits for the
///   consumer to come to an offset the interval is a millisecond, and doubles likewise.
///
/// It outlives the cursor, and so does the interval: a restart is no reason to skip sooner.
#[derive(Debug)]
pub(super) struct Looks {
    interval: Duration,
    /// From the last look to the next.
    patience: Duration,
    /// The same, while somebody waits for the consumer to get on.
    eagerness: Duration,
    last: Option<Instant>,
    /// The position that was last seen.
    seen: u64,
    /// Whether the cursor may have moved since.
    pub(super) may_have_moved: bool,
}

impl Looks {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            patience: interval,
            eagerness: SHORTEST,
            last: None,
            seen: 0,
            may_have_moved: true,
        }
    }

    /// Something was read: an event, or an error, after which there is another cursor.
    pub(super) fn delivered(&mut self) {
        self.patience = self.interval;
        self.eagerness = SHORTEST;
        self.may_have_moved = true;
    }

    /// The earliest time of the next look, which is sooner if somebody waits for it. `None` is
    /// never.
    pub(super) fn due(&self, awaited: bool) -> Option<Instant> {
        let patience = if awaited { self.patience.min(self.eagerness) } else { self.patience };
        match self.last {
            None => Some(Instant::now()),
            Some(last) => last.checked_add(patience),
        }
    }

    /// The cursor is looked at.
    pub(super) fn looked(&mut self, position: u64) {
        if position != self.seen {
            self.patience = self.interval;
            self.eagerness = SHORTEST;
        } else if !self.may_have_moved {
            self.patience = self.patience.saturating_mul(2).max(SHORTEST);
            self.eagerness = self.eagerness.saturating_mul(2);
        }
        // It may be moving still: look once more. When it has come to rest, so do we.
        self.may_have_moved = position != self.seen;
        self.seen = position;
        self.last = Some(Instant::now());
    }
}
