use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::{Backoff, EventTypes, ExponentialBackoff, Poison, StartAt};

/// What a consumer was told to do, beside its stream and its handler.
pub(super) struct Settings {
    pub(super) name: Option<String>,
    pub(super) event_types: EventTypes,
    pub(super) start: Option<StartAt>,
    pub(super) semaphore: Option<Arc<Semaphore>>,
    pub(super) backoff: Box<dyn Backoff>,
    pub(super) poison: Poison,
    /// The most events in a batch; 1 is no batch.
    pub(super) batch: usize,
    /// How long a batch may wait to fill up.
    pub(super) linger: Duration,
    pub(super) skip_interval: Duration,
    pub(super) heartbeat: Duration,
    /// Whether it is to record metrics.
    pub(super) measured: bool,
}

impl Settings {
    pub(super) fn new(event_types: EventTypes) -> Self {
        Self {
            name: None,
            event_types,
            start: None,
            semaphore: None,
            backoff: Box::new(ExponentialBackoff::new()),
            poison: Poison::retry_forever(),
            batch: 1,
            linger: Duration::ZERO,
            skip_interval: Duration::from_secs(1),
            heartbeat: Duration::from_secs(5),
            measured: false,
        }
    }
}
