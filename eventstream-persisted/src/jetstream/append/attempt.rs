use std::{collections::HashMap, ops::Range, sync::atomic::Ordering};

use eventstream_core::{Error, Expect, Parcel, Result};

use super::{look_up::look_up, publish::publish};
use crate::{
    group_commit::{Append, Outcomes, Plan},
    jetstream::{core::Core, error::JetStreamError},
};

/// One attempt to have a batch stored.
pub(super) struct Attempt<'a> {
    pub(super) core: &'a Core,
    pub(super) batch: &'a [Append],
    /// The next offset, as it was when we appended last.
    pub(super) next: u64,
    pub(super) look: Look,
}

/// What is looked for before: the rest is taken for granted, and the server refuses the batch if it is
/// not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing: the messages are new.
    Nowhere,
    /// Messages that are there. Nothing was appended since we did.
    ForIds,
    /// Messages that are there, and where the stream ends.
    ForAll,
}

/// The batch is stored.
pub(super) struct Done {
    pub(super) outcomes: Outcomes,
    pub(super) next: u64,
}

pub(super) enum Failure {
    /// Nothing was stored, as something that was taken for granted is not so.
    Refused(JetStreamError),
    /// Nothing was sent.
    Before(JetStreamError),
    /// It was sent, and what became of it is not known.
    Unanswered(JetStreamError),
}

impl Attempt<'_> {
    pub(super) async fn run(&self) -> Result<Done, Failure> {
        self.core.check_not_lost().map_err(Failure::Before)?;
        let known = self.core.known();
        if known.is_in_doubt {
            // What is taken for granted may be of the time before the server was started again.
            self.core.info().await.map_err(Failure::Before)?;
        }
        let (next, stored) = match self.look {
            Look::Nowhere => (self.next, HashMap::new()),
            Look::ForIds => {
                let stored = look_up(self.core, self.batch).await.map_err(Failure::Before)?;
                (self.next, stored)
            }
            Look::ForAll => self.look_for_all().await.map_err(Failure::Before)?,
        };
        let mut plan = Plan::new(next, u64::MAX, stored);
        let mut outcomes: Outcomes = self.batch.iter().map(|append| plan.add(append)).collect();
        let (next, parcels) = (plan.first(), plan.parcels());
        if self.look != Look::ForAll && (parcels.is_empty() || outcomes.iter().any(Result::is_err))
        {
            // What is said to those who append has to be true.
            return Err(Failure::Refused(try_again("look first")));
        }
        if parcels.is_empty() {
            return Ok(Done { outcomes, next });
        }
        if let Some(error) = self.too_many(parcels.len()) {
            let outcomes = outcomes.into_iter().map(|_| Err(error.clone().into_error("append")));
            return Ok(Done { outcomes: outcomes.collect(), next });
        }
        let last = publish(self.core, parcels, self.expected(&outcomes, next)).await?;
        let first = last - parcels.len() as u64;
        if first < known.message.sequence {
            // It has been made anew just as it was, or from an older copy …
            self.core.info_now().await.map_err(Failure::Unanswered)?;
            // … or it has lost something.
            return Err(Failure::Before(self.core.lost(known.message.sequence)));
        }
        if self.core.link.connection() != known.era.connection {
            // It has waited until the connection was made anew, perhaps with a server that knows less.
            return Err(Failure::Unanswered(try_again("the connection was lost")));
        }
        for outcome in &mut outcomes {
            shift(outcome, next, first);
        }
        let parcels: Vec<Parcel> = parcels.iter().map(|&parcel| parcel.clone()).collect();
        let subject = parcels.last().map(|parcel| self.core.subjects.of_event(parcel));
        self.core.committed(first, &parcels, subject.as_deref());
        Ok(Done { outcomes, next: last })
    }

    /// Where the stream ends, and where those of our messages are that it has.
    async fn look_for_all(&self) -> Result<(u64, HashMap<&str, u64>), JetStreamError> {
        let next = self.core.info().await?.next();
        let stored = look_up(self.core, self.batch).await.map_err(JetStreamError::or_replaced)?;
        if stored.values().any(|offset| *offset >= next) {
            return Err(try_again("others append"));
        }
        Ok((next, stored))
    }

    /// The next offset that the server has to find, if that is of importance: it is wherever the server
    /// doesn't look at ids by itself, and where somebody expects it.
    fn expected(&self, outcomes: &Outcomes, next: u64) -> Option<u64> {
        let is_expected = self.batch.iter().zip(outcomes).any(|(append, outcome)| {
            matches!((append.expect(), outcome), (Expect::Offset(_), Ok(range)) if range.start >= next)
        });
        (is_expected || !self.core.is_atomic).then_some(next)
    }

    fn too_many(&self, events: usize) -> Option<JetStreamError> {
        if events > 1 && !self.core.is_atomic {
            let server = self.core.version.to_string();
            Some(JetStreamError::BatchesNotSupported { server, events })
        } else {
            let max = self.core.most_events.load(Ordering::Relaxed);
            (events > max).then_some(JetStreamError::TooManyEvents { events, max })
        }
    }
}

/// Corrects what was planned for `planned` and the offsets after it, and begins at `first` instead.
fn shift(outcome: &mut Result<Range<u64>>, planned: u64, first: u64) {
    let moved = |offset: u64| {
        if offset >= planned { offset - planned + first } else { offset }
    };
    match outcome {
        Ok(range) if range.start >= planned => *range = moved(range.start)..moved(range.end),
        Err(Error::DuplicateMessage { offset, .. }) => *offset = moved(*offset),
        _ => {}
    }
}

pub(super) fn try_again(problem: &str) -> JetStreamError {
    JetStreamError::NoAnswer { action: "store events", problem: problem.to_owned() }
}
