use std::{ops::Range, sync::Arc, time::Duration};

use eventstream_core::{Expect, Parcel};
use tokio::time::{Instant, sleep};
use tokio_postgres::{Row, error::SqlState};

use super::{
    Charter,
    commit::{self, ACTION, Run, Stored},
};
use crate::{
    RecentEvents,
    group_commit::{Append, Engine, Limits, Outcomes},
    postgres::{
        connection::{Connector, Link, Param},
        error::{PostgresError, Result},
        watch::Announcer,
    },
};

/// Between two attempts, while the server can't be reached.
const PAUSE: Duration = Duration::from_millis(100);
/// So often a transaction is tried that others were in the way of.
const ATTEMPTS: u32 = 10;

/// Appends, on a connection of its own.
///
/// A batch is one statement that takes the offsets and stores the events, and is a transaction by
/// itself: one round trip. Only where that can't be, because a message is stored already or the
/// appends expect offsets that don't fit together, it is looked at under the lock, statement by
/// statement.
pub(super) struct PostgresEngine {
    connector: Connector,
    link: Option<Link>,
    charter: Arc<Charter>,
    announcer: Announcer,
    recent: RecentEvents,
}

/// What is wrong with an attempt.
enum Attempt {
    Done(Stored),
    /// It has to be looked at.
    Unsure,
}

impl PostgresEngine {
    /// The server takes the time of a round trip and a sync for a commit, and about 5 µs for an event.
    pub(super) const LIMITS: Limits = Limits {
        commit_bytes: 4 * 1024 * 1024,
        commit_events: 5_000,
        waiting_bytes: 64 * 1024 * 1024,
    };

    pub(super) fn new(
        connector: Connector,
        link: Link,
        charter: Arc<Charter>,
        announcer: Announcer,
        recent: RecentEvents,
    ) -> Self {
        Self { connector, link: Some(link), charter, announcer, recent }
    }

    async fn commit_all(&mut self, batch: &[Append]) -> Result<Stored> {
        let charter = self.charter.clone();
        let mut looks = false;
        let mut attempts = 0;
        // When the connection was lost with the outcome open.
        let mut unknown_since = None;
        loop {
            let error = match self.connected().await {
                // Nothing was sent: what becomes of this attempt is known.
                Err(error) => error,
                Ok(link) => match attempt(link, &charter, batch, looks).await {
                    Ok(Attempt::Done(stored)) => return Ok(stored),
                    Ok(Attempt::Unsure) => {
                        looks = true;
                        continue;
                    }
                    Err(error) => {
                        if error.is_lost() {
                            // It may be there: from now on the ids say.
                            looks = true;
                            unknown_since.get_or_insert_with(Instant::now);
                        }
                        error
                    }
                },
            };
            attempts += 1;
            let goes_on = match unknown_since {
                // A replica that is reached in between may be about to take over.
                Some(since) => {
                    (error.is_retryable() || error.needs_other_connection())
                        && since.elapsed() < self.connector.options.patience()
                }
                None => is_about_others(&error) && attempts < ATTEMPTS,
            };
            if goes_on {
                if unknown_since.is_some() {
                    sleep(PAUSE).await;
                }
                continue;
            }
            return Err(match unknown_since {
                Some(_) => PostgresError::OutcomeUnknown { source: Box::new(error) },
                None => error,
            });
        }
    }

    /// The connection, which is made anew if it can't be used any more.
    async fn connected(&mut self) -> Result<&Link> {
        let link = match self.link.take() {
            Some(link) if link.is_usable() => link,
            _ => self.connector.connect().await?,
        };
        Ok(self.link.insert(link))
    }
}

async fn attempt(link: &Link, charter: &Charter, batch: &[Append], looks: bool) -> Result<Attempt> {
    if !looks && let Some(expected) = common_expectation(batch) {
        return at_once(link, charter, batch, expected).await;
    }
    link.begin().await?;
    let stored = commit::store(link, charter, batch).await;
    let end = if stored.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = link.end(ACTION, end).await;
    let stored = stored?;
    ended?;
    Ok(Attempt::Done(stored))
}

impl Engine for PostgresEngine {
    async fn commit(&mut self, batch: Vec<Append>) -> Outcomes {
        match self.commit_all(&batch).await {
            Ok(Stored { outcomes, range, parcels }) => {
                if !parcels.is_empty() {
                    // Before they are woken: they find the events here.
                    self.recent.record(range.start, &parcels);
                    self.announcer.committed(range.end);
                }
                outcomes
            }
            Err(error) => batch.iter().map(|_| Err(error.clone().into_error("append"))).collect(),
        }
    }
}

/// A transaction by itself.
struct ByItself<'a>(&'a Link);

impl Run for ByItself<'_> {
    async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        self.0.write(ACTION, sql, params).await
    }
}

/// Stores a batch with one statement, if all of it is new and at the offset that is expected.
async fn at_once(
    link: &Link,
    charter: &Charter,
    batch: &[Append],
    expected: Expect,
) -> Result<Attempt> {
    let parcels = batch.iter().flat_map(Append::parcels);
    let first = match commit::append(&ByItself(link), charter, parcels.clone(), expected).await {
        Ok(Some(first)) => first,
        Ok(None) => return Ok(Attempt::Unsure),
        Err(error) if error.state() == Some(&SqlState::UNIQUE_VIOLATION) => {
            return Ok(Attempt::Unsure);
        }
        Err(error) => return Err(error),
    };
    let mut next = first;
    let mut outcomes = Vec::with_capacity(batch.len());
    for append in batch {
        let range: Range<u64> = next..next + append.parcels().len() as u64;
        next = range.end;
        outcomes.push(Ok(range));
    }
    let parcels: Vec<Parcel> = parcels.cloned().collect();
    Ok(Attempt::Done(Stored { outcomes, range: first..next, parcels }))
}

/// Where the batch has to begin for all that its appends expect; `None` if that is in several places,
/// or if there is nothing to be stored.
fn common_expectation(batch: &[Append]) -> Option<Expect> {
    let mut common = Expect::Any;
    let mut before = 0;
    for append in batch {
        if let Expect::Offset(offset) = append.expect() {
            let begin = offset.checked_sub(before)?;
            if common != Expect::Any && common != Expect::Offset(begin) {
                return None;
            }
            common = Expect::Offset(begin);
        }
        // It is told what the next offset is, whether or not it is a repetition.
        if append.parcels().is_empty() {
            return None;
        }
        before += append.parcels().len() as u64;
    }
    Some(common)
}

/// Whether the same may go through at once: another transaction was in the way.
fn is_about_others(error: &PostgresError) -> bool {
    [Some(&SqlState::T_R_SERIALIZATION_FAILURE), Some(&SqlState::T_R_DEADLOCK_DETECTED)]
        .contains(&error.state())
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Identity};

    use super::*;

    fn append(count: u64, expect: Expect) -> Append {
        let app = Identity::new("app", "app-key");
        let parcel = |n: u64| {
            let envelope = Envelope::new(n.to_string(), app.clone(), "type", "text/plain");
            Parcel::seal(envelope).unwrap()
        };
        Append::new(&app, (0..count).map(parcel).collect(), expect, usize::MAX).unwrap()
    }

    #[test]
    fn what_appends_expect_may_fit_together() {
        let (any, at) = (|n| append(n, Expect::Any), |n, at| append(n, Expect::Offset(at)));
        assert_eq!(common_expectation(&[any(1), any(2)]), Some(Expect::Any));
        assert_eq!(
            common_expectation(&[any(2), at(1, 7), any(1), at(3, 9)]),
            Some(Expect::Offset(5))
        );
        assert_eq!(common_expectation(&[at(1, 7), at(1, 7)]), None);
        assert_eq!(common_expectation(&[any(2), at(1, 1)]), None);
        assert_eq!(common_expectation(&[any(1), any(0)]), None);
    }
}
