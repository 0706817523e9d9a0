use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use async_nats::{Event, ServerError};
use tokio::sync::{Notify, watch};

/// More are not kept.
const MOST: usize = 32;

/// What is heard of a connection beside the answers to requests.
#[derive(Debug)]
pub(super) struct Signals {
    /// What the server says we may not do: it does not answer such requests.
    violations: Mutex<VecDeque<String>>,
    changed: Notify,
    /// How often a connection was made.
    connections: watch::Sender<u64>,
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
            Event::Connected => self.connections.send_modify(|connections| *connections += 1),
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
        let mut said = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() == MOST {
            said.pop_front();
        }
        said.push_back(problem.trim_matches(['\'', ' ']).to_owned());
        drop(said);
        self.changed.notify_waiters();
    }

    /// Waits until the server says that a message to this subject, or an answer, is not permitted.
    pub(super) async fn violation(&self, subject: &str) -> String {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(problem) = self.take(subject) {
                return problem;
            }
            changed.await;
        }
    }

    fn take(&self, subject: &str) -> Option<String> {
        let mut said = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        let quoted = format!("\"{subject}\"");
        if let Some(at) = said.iter().position(|problem| problem.contains(&quoted)) {
            return said.remove(at);
        }
        // Where answers can't be heard, no request makes sense.
        said.iter().find(|problem| problem.contains("Subscription to \"_INBOX")).cloned()
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
        assert_eq!(signals.take("a"), None);
        let said = signals.take("a.b");
        assert_eq!(said.as_deref(), Some("Permissions Violation for Publish to \"a.b\""));
        assert_eq!(signals.take("a.b"), None);
        signals.record_problem("Permissions Violation for Subscription to \"_INBOX.x.*\"");
        assert!(signals.take("a").is_some() && signals.take("b").is_some());
        for n in 0..100 {
            signals.record_problem(&format!("Permissions Violation for Publish to \"{n}\""));
        }
        assert_eq!(signals.violations.lock().unwrap().len(), MOST);
    }
}
