use std::time::Duration;

use tokio::time::Instant;

use super::status::Wants;

/// So that an interval of nothing can be doubled, too.
const SHORTEST: Duration = Duration::from_millis(1);
/// However often a look has found nothing: the next one comes so soon, or within the interval.
const LONGEST: Duration = Duration::from_secs(300);

/// When to look at the position of a cursor that has nothing to deliver.
///
/// A pending read borrows the cursor: to look means to drop the read, and to begin another. No
/// event is lost by that, but work may be, such as a page that is half received. So:
///
/// - There is no look unless the cursor may have moved: it was just opened, an event has come, the
///   read was woken and still has nothing, or nobody was reading for a while. An idle consumer
///   sleeps.
/// - What comes between a look and the next read wakes nobody, if it is filtered out. So there is a
///   look all the same if somebody waits for the position, or the stream is known to go on past it.
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
    /// The same, while there is no sign that the cursor has moved.
    doubt: Duration,
    created: Instant,
    last: Option<Instant>,
    /// The position that was last seen.
    seen: u64,
    /// Whether the cursor may have moved since.
    may_have_moved: bool,
    /// Whether a read was woken since, and still had nothing.
    woken: bool,
}

impl Looks {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            patience: interval,
            eagerness: SHORTEST,
            doubt: SHORTEST,
            created: Instant::now(),
            last: None,
            seen: 0,
            may_have_moved: true,
            woken: false,
        }
    }

    /// Nobody has read for a while, or it is another cursor: it may move without a wake-up.
    pub(super) fn unseen(&mut self) {
        self.may_have_moved = true;
    }

    /// Something has woken a read, which still has nothing: events may have been filtered out.
    pub(super) fn woken(&mut self) {
        self.woken = true;
    }

    /// Something was read: an event, or an error, after which there is another cursor.
    pub(super) fn delivered(&mut self) {
        self.begin_anew();
        self.may_have_moved = true;
    }

    fn begin_anew(&mut self) {
        self.patience = self.interval;
        self.eagerness = SHORTEST;
        self.doubt = SHORTEST;
    }

    /// The earliest time of the next look, which is sooner if somebody waits for it. `None` is
    /// never.
    pub(super) fn due(&self, wants: Wants) -> Option<Instant> {
        let patience = match (self.may_have_moved || self.woken, wants) {
            (true, Wants { position: true, .. }) => self.patience.min(self.eagerness),
            (true, _) => self.patience,
            (false, Wants { position: true, .. }) => self.doubt,
            (false, Wants { behind: true, .. }) => self.doubt.max(self.interval),
            (false, _) => return None,
        };
        match self.last {
            None => Some(self.created),
            Some(last) => last.checked_add(patience),
        }
    }

    /// The cursor is looked at.
    pub(super) fn looked(&mut self, position: u64) {
        let longest = self.interval.max(LONGEST);
        let double = |time: Duration| time.saturating_mul(2).clamp(SHORTEST, longest);
        if position != self.seen {
            self.begin_anew();
        } else if self.woken && !self.may_have_moved {
            self.patience = double(self.patience);
            self.eagerness = double(self.eagerness);
        } else if !self.may_have_moved {
            self.doubt = double(self.doubt);
        }
        // It may be moving still: look once more. When it has come to rest, so do we.
        self.may_have_moved = position != self.seen;
        self.woken = false;
        self.seen = position;
        self.last = Some(Instant::now());
    }
}
