use std::sync::{Mutex, MutexGuard, PoisonError};

/// The last message that is known to be stored, which tells whether a server has come back with less
/// than it had: a sequence alone does not, as others may have appended since.
#[derive(Debug, Default)]
pub(super) struct LastKnown(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    message: Message,
    /// When it was seen that it is still there.
    seen_in: Option<Era>,
    doubts: u64,
    lost: Option<u64>,
}

/// Changes with the connection, and with each reason for a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Era {
    pub(super) connection: u64,
    doubts: u64,
}

/// A message; before the first one, of sequence 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) sequence: u64,
    /// Its subject, if it is known: it has the event's id.
    pub(super) subject: Option<String>,
}

/// What is known at a time.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) message: Message,
    pub(super) era: Era,
    /// Whether it has to be looked for before anything is built on it.
    pub(super) is_in_doubt: bool,
}

impl LastKnown {
    pub(super) fn get(&self, connection: u64) -> Known {
        let state = self.state();
        let era = Era { connection, doubts: state.doubts };
        Known { message: state.message.clone(), era, is_in_doubt: state.seen_in != Some(era) }
    }

    /// A message is stored, and what is before it, too.
    pub(super) fn advance(&self, sequence: u64, subject: Option<&str>) {
        let mut state = self.state();
        if sequence > state.message.sequence {
            state.message = Message { sequence, subject: subject.map(str::to_owned) };
        }
    }

    pub(super) fn seen_in(&self, era: Era) {
        self.state().seen_in = Some(era);
    }

    /// Something has failed: the servers may have been started again, also behind a connection that
    /// has held.
    pub(super) fn doubt(&self) {
        self.state().doubts += 1;
    }

    /// It is gone, for good. Says whether that is news.
    pub(super) fn lose(&self, sequence: u64) -> bool {
        self.state().lost.replace(sequence).is_none()
    }

    pub(super) fn lost(&self) -> Option<u64> {
        self.state().lost
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_in_doubt_until_it_is_seen_on_this_connection() {
        let last = LastKnown::default();
        last.advance(7, Some("a"));
        last.advance(5, Some("b"));
        let known = last.get(1);
        assert_eq!((known.message.sequence, known.message.subject.as_deref()), (7, Some("a")));
        assert!(known.is_in_doubt);
        last.seen_in(known.era);
        assert!(!last.get(1).is_in_doubt && last.get(2).is_in_doubt);
        // What was seen before something failed says nothing.
        last.doubt();
        last.seen_in(known.era);
        assert!(last.get(1).is_in_doubt);
        assert!(last.lost().is_none() && last.lose(7) && !last.lose(7));
        assert_eq!(last.lost(), Some(7));
    }
}
