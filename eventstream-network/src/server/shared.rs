use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use eventstream_core::Identity;
use tokio::sync::Semaphore;

use super::{Authorizer, Hosted, Limits, Protocols, drain::Drain};

/// A client that asks to hear from the server more often gets this.
const MIN_HEARTBEAT: Duration = Duration::from_millis(100);

/// What all connections of a server share.
pub(super) struct Shared {
    hosts: HashMap<String, Arc<Hosted>>,
    pub(super) limits: Limits,
    pub(super) protocols: Protocols,
    /// Without one, everybody may do everything.
    pub(super) authorizer: Option<Arc<dyn Authorizer>>,
    heartbeat: Duration,
    pub(super) drain: Drain,
    /// One permit for each call of those who have to be permitted it.
    pub(super) calls: Arc<Semaphore>,
    /// One permit for each call that everybody may make, and that lasts.
    pub(super) public_streams: Arc<Semaphore>,
    /// One permit for each call that everybody may make, and that is answered at once.
    pub(super) public_calls: Arc<Semaphore>,
    /// One permit for each byte of a request that is large, and no append.
    pub(super) request_bytes: Arc<Semaphore>,
    /// One permit for each byte of an append.
    pub(super) append_bytes: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(
        hosts: HashMap<String, Arc<Hosted>>,
        limits: Limits,
        protocols: Protocols,
        authorizer: Option<Arc<dyn Authorizer>>,
        heartbeat: Duration,
    ) -> Self {
        let permits = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            hosts,
            calls: permits(limits.streams),
            public_streams: permits(limits.public_streams),
            public_calls: permits(limits.public_streams),
            request_bytes: permits(limits.pending_request_bytes),
            append_bytes: permits(limits.pending_append_bytes),
            limits,
            protocols,
            authorizer,
            heartbeat: heartbeat.max(MIN_HEARTBEAT),
            drain: Drain::default(),
        }
    }

    pub(super) fn host(&self, application_key: &str) -> Option<&Arc<Hosted>> {
        self.hosts.get(application_key)
    }

    /// In the order of their keys.
    pub(super) fn applications(&self) -> Vec<Identity> {
        let sorted: BTreeMap<_, _> = self.hosts.iter().collect();
        sorted.into_values().map(|hosted| hosted.application.clone()).collect()
    }

    /// How often a client that has asked for so many milliseconds hears from the server.
    pub(super) fn heartbeat(&self, milliseconds: u32) -> Duration {
        match milliseconds {
            0 => self.heartbeat,
            asked => Duration::from_millis(asked.into()).max(MIN_HEARTBEAT),
        }
    }
}
