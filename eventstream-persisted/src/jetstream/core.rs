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
    last_known::{Known, LastKnown},
    link::Link,
    server_version::ServerVersion,
    subjects::Subjects,
};
use crate::RecentEvents;

/// Between two questions of which the first one got no answer.
const PAUSE: Duration = Duration::from_millis(100);

/// A leader that knows less than the one before it may catch up for so long.
const LAG: Duration = Duration::from_secs(10);

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
    pub(super) last_known: LastKnown,
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

    /// What the leader says of the stream, if it is still the one that was opened, and has all that it
    /// is known to have had. A leader that lags is waited for.
    pub(super) async fn info(&self) -> Result<StreamInfo> {
        let begun = Instant::now();
        loop {
            // Before the answer, which may be older than what is known when it comes.
            let known = self.known();
            let mut info = self.info_now().await?;
            if info.next() < known.message.sequence {
                if begun.elapsed() > LAG {
                    return Err(self.lost(known.message.sequence));
                }
                self.last_known.doubt();
                sleep(PAUSE).await;
                continue;
            }
            self.check_known(&known).await?;
            self.complete(&mut info).await?;
            self.saw(info.next());
            return Ok(info);
        }
    }

    /// What the leader says of the stream, if it is still the one that was opened.
    pub(super) async fn info_now(&self) -> Result<StreamInfo> {
        self.check_not_lost()?;
        let replaced = || JetStreamError::Replaced { stream: self.link.stream.to_string() };
        let info = self.link.info().await.map_err(JetStreamError::or_replaced)?;
        let charter = Charter::read(&self.link.stream, &info.config).map_err(|_| replaced())?;
        if charter.incarnation(&info) != self.incarnation {
            return Err(replaced());
        }
        Ok(info)
    }

    pub(super) fn known(&self) -> Known {
        self.last_known.get(self.link.connection())
    }

    /// Checks that the last message that is known is the one that was there, if that is in doubt. The
    /// stream ends behind it.
    async fn check_known(&self, known: &Known) -> Result<()> {
        if !known.is_in_doubt {
            return Ok(());
        }
        let sequence = known.message.sequence;
        if let Some(subject) = &known.message.subject
            && let Some(found) = self.link.find(GetMessage::Sequence(sequence)).await?
            && found.subject != *subject
        {
            return Err(self.lost(sequence));
        }
        // One that is not found was truncated, or deleted, which is another matter.
        self.last_known.seen_in(known.era);
        Ok(())
    }

    /// The stream has lost what it had, up to this sequence: nothing of what is known here is true any
    /// more, and offsets may mean other events now.
    pub(super) fn lost(&self, sequence: u64) -> JetStreamError {
        let stream = self.link.stream.to_string();
        let error = JetStreamError::Lost { stream, offset: sequence.saturating_sub(1) };
        if self.last_known.lose(sequence) {
            tracing::error!(%error, "a stream has lost events");
            self.recent.truncate(self.progress.borrow().next.max(sequence));
            self.failed(error.clone());
        }
        error
    }

    pub(super) fn check_not_lost(&self) -> Result<()> {
        self.last_known.lost().map_or(Ok(()), |sequence| Err(self.lost(sequence)))
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
        let (last, known) = (info.state.last_seq, self.known().message.sequence);
        if last <= known {
            // What was in the middle of a batch when it was said is behind what is known by now: the
            // batch was done meanwhile, as a whole.
            info.state.last_seq = known;
            return Ok(());
        }
        let Some(message) = self.link.find(GetMessage::Sequence(last)).await? else {
            self.last_known.advance(last, None);
            return Ok(());
        };
        let (id, sequence) = (message.header(BATCH_ID), message.header(BATCH_SEQUENCE));
        let left = left_in_batch(id.as_deref(), sequence.as_deref());
        if left == 0 {
            self.last_known.advance(last, Some(&message.subject));
        }
        info.state.last_seq += left;
        Ok(())
    }

    /// Parcels were committed, and the last message has this subject: those who wait get to know.
    pub(super) fn committed(&self, first: u64, parcels: &[Parcel], subject: Option<&str>) {
        if self.last_known.lost().is_some() {
            return;
        }
        let next = first + parcels.len() as u64;
        self.last_known.advance(next, subject);
        self.recent.record(first, parcels);
        self.saw(next);
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
        // After that: what is lost now is a failure that is heard.
        self.check_not_lost()?;
        let is_news = |it: &Progress| it.next > offset || it.failures > failures;
        let progress = progress.wait_for(is_news).await.map_err(|_| JetStreamError::Stopped)?;
        match &progress.failure {
            Some(failure) if progress.next <= offset => Err(failure.clone()),
            _ => Ok(progress.next),
        }
    }
}
