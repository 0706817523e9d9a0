use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use eventstream_core::{Identity, Incarnation, Parcel};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    api::{GetMessage, StreamInfo},
    batch_place::{BATCH_ID, BATCH_SEQUENCE, left_in_batch},
    charter::Charter,
    error::{JetStreamError, Result},
    link::Link,
    server_version::ServerVersion,
    subjects::Subjects,
};
use crate::RecentEvents;

/// Between two questions of which the first one got no answer.
const PAUSE: Duration = Duration::from_millis(100);

/// What all parts of an open store share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) link: Link,
    pub(super) charter: Charter,
    pub(super) incarnation: Incarnation,
    pub(super) subjects: Subjects,
    /// Whether the stream takes several events as one.
    pub(super) is_atomic: bool,
    /// How many it takes as one: less than by default, if the server says so.
    pub(super) most_events: AtomicUsize,
    /// What an event can have on the wire.
    pub(super) max_bytes: usize,
    pub(super) version: ServerVersion,
    /// So long it is tried to get on.
    pub(super) timeout: Duration,
    pub(super) recent: RecentEvents,
    pub(super) keeps_recent: bool,
    /// How far the stream has got, as far as it is known here.
    pub(super) progress: watch::Sender<Progress>,
}

#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// All below it is committed, and no batch goes beyond it.
    pub(super) next: u64,
    /// Counts how often following has failed for long …
    pub(super) failures: u64,
    /// … and this is what it failed with.
    pub(super) failure: Option<JetStreamError>,
}

impl Core {
    pub(super) fn application(&self) -> &Identity {
        &self.charter.application
    }

    /// What the leader says of the stream, if it is still the one that was opened.
    pub(super) async fn info(&self) -> Result<StreamInfo> {
        let replaced = || JetStreamError::Replaced { stream: self.link.stream.to_string() };
        let mut info = self.link.info().await.map_err(JetStreamError::or_replaced)?;
        let charter = Charter::read(&self.link.stream, &info.config).map_err(|_| replaced())?;
        if charter.incarnation(&info) != self.incarnation {
            return Err(replaced());
        }
        self.complete(&mut info).await?;
        self.saw(info.next());
        Ok(info)
    }

    /// As [`info`](Self::info), asked again while that may help.
    pub(super) async fn info_in_time(&self) -> Result<StreamInfo> {
        let begun = Instant::now();
        loop {
            match self.info().await {
                Err(error) if error.is_retryable() && begun.elapsed() < self.timeout => {
                    sleep(PAUSE).await;
                }
                info => return info,
            }
        }
    }

    /// The leader says where the stream ends also while it is putting a batch into it: then the batch's
    /// end is the end. Messages are looked up when it is done with that.
    async fn complete(&self, info: &mut StreamInfo) -> Result<()> {
        let last = info.state.last_seq;
        if last > self.progress.borrow().next
            && let Some(message) = self.link.find(GetMessage::Sequence(last)).await?
        {
            let (id, sequence) = (message.header(BATCH_ID), message.header(BATCH_SEQUENCE));
            info.state.last_seq += left_in_batch(id.as_deref(), sequence.as_deref());
        }
        Ok(())
    }

    /// Parcels were committed: those who wait get to know.
    pub(super) fn committed(&self, first: u64, parcels: &[Parcel]) {
        self.recent.record(first, parcels);
        self.saw(first + parcels.len() as u64);
    }

    /// The next offset is this one, at least.
    pub(super) fn saw(&self, next: u64) {
        self.progress.send_if_modified(|progress| {
            let is_further = next > progress.next;
            progress.next = progress.next.max(next);
            is_further
        });
    }

    /// Following has failed for long.
    pub(super) fn failed(&self, failure: JetStreamError) {
        self.progress.send_modify(|progress| {
            progress.failures += 1;
            progress.failure = Some(failure);
        });
    }

    /// Waits until an event at an offset is committed.
    pub(super) async fn wait_for(self: &Arc<Self>, offset: u64) -> Result<u64> {
        let mut progress = self.progress.subscribe();
        let failures = progress.borrow().failures;
        let is_news = |it: &Progress| it.next > offset || it.failures > failures;
        let progress = progress.wait_for(is_news).await.map_err(|_| JetStreamError::Stopped)?;
        match &progress.failure {
            Some(failure) if progress.next <= offset => Err(failure.clone()),
            _ => Ok(progress.next),
        }
    }
}
