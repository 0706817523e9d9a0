use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::attempt::{Attempt, Failure, Look};
use crate::{
    group_commit::{Append, Engine, Limits, Outcomes},
    jetstream::{core::Core, error::JetStreamError},
};

/// A batch has no more events, by the server's default.
pub(in crate::jetstream) const MOST_EVENTS: usize = 1_000;

pub(in crate::jetstream) const LIMITS: Limits = Limits {
    commit_bytes: 4 * 1024 * 1024,
    commit_events: MOST_EVENTS,
    waiting_bytes: 64 * 1024 * 1024,
};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Publishes what is appended.
#[derive(Debug)]
pub(in crate::jetstream) struct Publisher {
    core: Arc<Core>,
    /// The next offset, as it was when we appended last.
    next: u64,
}

impl Publisher {
    pub(in crate::jetstream) fn new(core: Arc<Core>, next: u64) -> Self {
        Self { core, next }
    }

    /// Tries until the outcomes are known.
    async fn publish(&mut self, batch: &[Append]) -> Outcomes {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut is_unknown = false;
        // Where the server can't refuse ids that are there, we have to look before.
        let mut look = if self.core.is_atomic { Look::Nowhere } else { Look::ForIds };
        loop {
            let attempt = Attempt { core: &self.core, batch, next: self.next, look };
            let error = match attempt.run().await {
                Ok(done) => {
                    self.next = done.next;
                    return done.outcomes;
                }
                // Another one was faster, or some of it is stored already.
                Err(Failure::Refused(error) | Failure::Before(error)) => error,
                Err(Failure::Unanswered(error)) => {
                    is_unknown = true;
                    self.core.last_known.doubt();
                    error
                }
            };
            // What was sent may be stored, too.
            look = Look::ForAll;
            if !error.is_retryable() || begun.elapsed() > self.core.timeout {
                let error = if is_unknown && !error.is_of_another_stream() {
                    let (seconds, source) = (begun.elapsed().as_secs(), Arc::new(error));
                    JetStreamError::OutcomeUnknown { seconds, source }
                } else {
                    error
                };
                return batch.iter().map(|_| Err(error.clone().into_error("append"))).collect();
            }
            if begun.elapsed() > FIRST_PAUSE * 4 {
                tracing::debug!(stream = %self.core.link.stream, %error, "appending again");
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl Publisher {
    /// How many of the appends fit into one batch: one at least.
    fn fitting(&self, appends: &[Append]) -> usize {
        let most = if self.core.is_atomic { self.most_events() } else { 0 };
        let mut events = 0;
        let fits = |append: &&Append| {
            events += append.parcels().len();
            events <= most
        };
        appends.iter().take_while(fits).count().max(1)
    }

    fn most_events(&self) -> usize {
        self.core.most_events.load(Ordering::Relaxed)
    }
}

impl Engine for Publisher {
    async fn commit(&mut self, batch: Vec<Append>) -> Outcomes {
        let mut outcomes = Vec::with_capacity(batch.len());
        while let rest @ [_, ..] = &batch[outcomes.len()..] {
            let (count, most) = (self.fitting(rest), self.most_events());
            let mut stored = self.publish(&rest[..count]).await;
            if count == 1 || self.most_events() == most {
                outcomes.append(&mut stored);
            }
            // Else the server takes fewer at a time than it was thought to, and has stored nothing.
        }
        outcomes
    }
}
