use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_nats::{Event, ServerError};
use tokio::sync::{Notify, watch};

/// More are not kept.
const MOST: usize = 32;

/// What is heard of a connection beside the answers to requests.
#[derive(Debug)]
pub(super) struct Signals {
    /// What the server says we may not do: it does not answer such requests.
    violations: Mutex<Violations>,
    changed: Notify,
    /// How often a connection was made.
    connections: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Violations {
    /// Each with its number.
    said: VecDeque<(u64, String)>,
    count: u64,
}

impl Default for Signals {
    fn default() -> Self {
        let (connections, _) = watch::channel(0);
        Self { violations: Mutex::default(), changed: Notify::new(), connections }
    }
}

impl Signals {
    /// Takes note of what has happened to the connection.
    pub(super) fn record(&self, event: &Event) {
        match event {
            Event::Connected => {
                // Rights may have changed since the last one: what is still so is said again.
                self.violations().said.clear();
                self.connections.send_modify(|connections| *connections += 1);
            }
            Event::ServerError(ServerError::Other(problem)) => self.record_problem(problem),
            Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => {
                tracing::warn!(%event, "a problem with the connection to NATS");
            }
            _ => tracing::debug!(%event, "the connection to NATS"),
        }
    }

    /// Changes with each connection that is made.
    pub(super) fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    fn record_problem(&self, problem: &str) {
        if !problem.to_ascii_lowercase().contains("permissions violation") {
            tracing::warn!(problem, "the NATS server says that something is wrong");
            return;
        }
        let mut violations = self.violations();
        if violations.said.len() == MOST {
            violations.said.pop_front();
        }
        let number = violations.count;
        violations.count += 1;
        violations.said.push_back((number, problem.trim_matches(['\'', ' ']).to_owned()));
        drop(violations);
        self.changed.notify_waiters();
    }

    /// How often the server has said that something is not permitted.
    pub(super) fn violations_until_now(&self) -> u64 {
        self.violations().count
    }

    /// Waits until the server says that a message to this subject, or an answer, is not permitted. What
    /// it has said of a message before, when it had said that `since` times, does not count: nobody may
    /// have waited for that.
    pub(super) async fn violation(&self, subject: &str, since: u64) -> String {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(problem) = self.take(subject, since) {
                return problem;
            }
            changed.await;
        }
    }

    fn take(&self, subject: &str, since: u64) -> Option<String> {
        let said = &mut self.violations().said;
        let quoted = format!("\"{subject}\"");
        let concerns =
            |(number, problem): &(u64, String)| *number >= since && problem.contains(&quoted);
        if let Some(at) = said.iter().position(concerns) {
            return said.remove(at).map(|(_, problem)| problem);
        }
        // Where answers can't be heard, no request makes sense.
        let mut problems = said.iter().map(|(_, problem)| problem);
        problems.find(|problem| problem.contains("Subscription to \"_INBOX")).cloned()
    }

    fn violations(&self) -> MutexGuard<'_, Violations> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_said_to_whom_it_concerns() {
        let signals = Signals::default();
        signals.record_problem("'Permissions Violation for Publish to \"a.b\"'");
        signals.record_problem("'Stale Connection'");
        assert_eq!(signals.take("a", 0), None);
        // Of an earlier message.
        assert_eq!(signals.take("a.b", signals.violations_until_now()), None);
        let said = signals.take("a.b", 0);
        assert_eq!(said.as_deref(), Some("Permissions Violation for Publish to \"a.b\""));
        assert_eq!(signals.take("a.b", 0), None);
        signals.record_problem("Permissions Violation for Subscription to \"_INBOX.x.*\"");
        assert!(signals.take("a", 9).is_some() && signals.take("b", 9).is_some());
        signals.record(&Event::Connected);
        assert_eq!(signals.take("a", 0), None);
        for n in 0..100 {
            signals.record_problem(&format!("Permissions Violation for Publish to \"{n}\""));
        }
        assert_eq!(signals.violations().said.len(), MOST);
    }
}
