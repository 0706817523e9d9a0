use std::sync::Arc;

use eventstream_core::{Event, Handler, HandlerError, Identity};
use tokio::task::yield_now;

use super::{given::Given, outcome::said, stage::Stage, subject::Subject};
use crate::{
    HandlerEnv,
    failure::{Check, ensure, fail},
};

/// A handler that is handed events as a consumer does it, beside others of its kind.
pub(crate) struct Replica<H> {
    subject: Subject<H>,
    source: Identity,
    events: Arc<Vec<Event>>,
}

impl<H: Handler> Replica<H> {
    /// Opens a handler for these events of the stage's application.
    pub(crate) async fn open<E: HandlerEnv<Handler = H>>(
        stage: &Stage<E>,
        name: &str,
        events: &Arc<Vec<Event>>,
    ) -> Check<Self> {
        let subject = stage.open(name).await?;
        Ok(Self { subject, source: stage.source.clone(), events: Arc::clone(events) })
    }

    /// Goes on until all events are handled, by whomever. Returns the offsets of those of which
    /// this handler says that it has handled them.
    pub(crate) async fn run(mut self) -> Check<Vec<u64>> {
        let mut handled = Vec::new();
        loop {
            let offset = self.subject.offset(&self.source).await?;
            if self.rest(offset).is_empty() {
                return Ok(handled);
            }
            self.round(offset, &mut handled).await?;
            yield_now().await;
        }
    }

    /// Hands in what comes, until there is an error or nothing more.
    async fn round(&mut self, mut offset: u64, handled: &mut Vec<u64>) -> Check {
        while let [first, ..] = self.rest(offset) {
            let gap_ends_at = first.offset;
            if gap_ends_at > offset && fastrand::bool() {
                match self.skip(offset, gap_ends_at).await? {
                    Some(now) => offset = now,
                    None => return Ok(()),
                }
            }
            let given = self.some(offset);
            match self.subject.hand_in(offset, &given).await {
                Ok(()) => {
                    offset = given.end();
                    handled.extend(given.offsets());
                }
                Err(error @ HandlerError::Reject(_)) => fail!(
                    "{}, beside others, was handed {given} at offset {offset}, which it must \
                     handle, or say that there is a conflict; but it says: {}",
                    self.subject.name,
                    said(&error)
                ),
                Err(_) => return Ok(()),
            }
            // The others have their turn, also if this one waits for nothing.
            yield_now().await;
        }
        Ok(())
    }

    /// Its offset then; `None` if there is an error.
    async fn skip(&mut self, offset: u64, next: u64) -> Check<Option<u64>> {
        let Ok(now) = self.subject.skip(offset, next).await else {
            return Ok(None);
        };
        ensure!(
            (offset..=next).contains(&now),
            "{}, beside others, was told to skip from offset {offset} to {next}, but says that it \
             is at {now} now",
            self.subject.name
        );
        Ok(Some(now))
    }

    /// One of the events from this offset on, or a batch of them.
    fn some(&self, offset: u64) -> Given {
        let rest = self.rest(offset);
        match fastrand::usize(0..4) {
            0 => Given::Batch(rest.iter().take(3).cloned().collect()),
            _ => Given::Event(rest[0].clone()),
        }
    }

    fn rest(&self, offset: u64) -> &[Event] {
        &self.events[self.events.partition_point(|event| event.offset < offset)..]
    }
}
