use std::{convert::Infallible, sync::Arc};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    alarm::Alarm,
    attempts::Attempts,
    conflicts::Conflicts,
    failure::{Failure, Stop},
    failure_count::FailureCount,
    looks::Looks,
    round::Round,
    settings::Settings,
    status::Shared,
    telemetry::Meters,
    wait::{or_cancelled, yield_now},
};
use crate::{ConsumerState, CursorExt, EventStream, Finish, Handler, HandlerError, Report, Result};

/// A consumer at work: rounds, one after another, until one ends for good.
pub(super) struct Run<'a, S, H> {
    pub(super) stream: &'a S,
    pub(super) handler: &'a mut H,
    pub(super) settings: &'a Settings,
    pub(super) shared: &'a Shared,
    pub(super) meters: &'a Meters,
    pub(super) cancel: CancellationToken,
    pub(super) failures: FailureCount,
    pub(super) attempts: Attempts,
    conflicts: Conflicts,
    looks: Looks,
    alarm: Arc<Alarm>,
    /// The handler's offset as last known.
    pub(super) offset: Option<u64>,
    /// A batch has failed: the events below this are handled one by one.
    suspects: u64,
    /// Whether the handler is known to have begun with the stream.
    pub(super) has_begun: bool,
}

impl<'a, S: EventStream, H: Handler> Run<'a, S, H> {
    pub(super) fn new(
        stream: &'a S,
        handler: &'a mut H,
        settings: &'a Settings,
        shared: &'a Shared,
        meters: &'a Meters,
        cancel: &CancellationToken,
    ) -> Self {
        Self {
            stream,
            handler,
            shared,
            meters,
            // One of its own: it is looked at for every event, under a lock that consumers with
            // clones of one token would share.
            cancel: cancel.child_token(),
            failures: FailureCount::new(),
            attempts: Attempts::default(),
            conflicts: Conflicts::default(),
            looks: Looks::new(settings.skip_interval),
            alarm: Arc::default(),
            settings,
            offset: None,
            suspects: 0,
            has_begun: false,
        }
    }

    pub(super) async fn drive(mut self) -> Result<Finish> {
        loop {
            let Err(mut stop) = self.round().await;
            if matches!(stop, Stop::Conflict) && self.conflicts.is_endless(self.offset) {
                let error = "a conflict again and again, at the offset that the handler names";
                stop = Stop::handler("handling events", HandlerError::Retry(error.into()));
            }
            let ended = match stop {
                Stop::Finished(finish) => Ok(finish),
                Stop::Broken(error) => Err(error),
                Stop::Paused => continue,
                Stop::Conflict => {
                    debug!(
                        application = %self.stream.application(),
                        offset = self.offset,
                        "the handler has moved on: starting again at its offset"
                    );
                    // A handler that says nothing else must not keep others from running.
                    yield_now().await;
                    continue;
                }
                Stop::Failed(failure) => match self.back_off(&failure).await {
                    Err(Stop::Finished(finish)) => Ok(finish),
                    _ => continue,
                },
            };
            debug!(?ended, "the consumer has ended");
            return ended;
        }
    }

    /// From asking for the event types on, to whatever stops it.
    async fn round(&mut self) -> Result<Infallible, Stop> {
        self.stand_still().await?;
        self.shared.enter(ConsumerState::Starting);
        // Boxed, as is all that is rare: its room would be taken in each consumer, all the time.
        let opened = Box::pin(self.open()).await?;
        let mut offset = opened.offset;
        self.looks.unseen();
        let mut round = Round {
            cursor: opened.cursor,
            handler: &mut *self.handler,
            application: self.stream.application(),
            settings: self.settings,
            shared: self.shared,
            meters: self.meters,
            cancel: &self.cancel,
            failures: &mut self.failures,
            attempts: &mut self.attempts,
            looks: &mut self.looks,
            alarm: &self.alarm,
            suspects: &mut self.suspects,
            one_by_one: false,
            expected: offset,
            skipped: 0,
            offset: &mut offset,
            parked: opened.parked,
            events: Vec::new(),
        };
        let stopped = round.consume().await;
        // Closed already, if it was the cursor that ended the round.
        let _ = round.cursor.close();
        self.offset = Some(offset);
        stopped
    }

    /// Waits as long as the consumer is paused.
    async fn stand_still(&mut self) -> Result<(), Stop> {
        while self.shared.wants().pause {
            self.shared.enter(ConsumerState::Paused);
            or_cancelled(&self.cancel, self.shared.attention()).await?;
        }
        Ok(())
    }

    /// Counts a failure, says so, and waits.
    async fn back_off(&mut self, failure: &Failure) -> Result<(), Stop> {
        let failures = self.failures.failed(failure.origin);
        let delay = self.settings.backoff.delay(failures);
        let error = Report(failure.error.as_ref()).to_string();
        warn!(
            application = %self.stream.application(),
            offset = self.offset,
            failures,
            ?delay,
            during = failure.during,
            rejected = failure.rejected,
            error,
            "consuming failed: starting again after the delay"
        );
        self.shared.failed(failure.during, error, failures);
        self.meters.failed(failure.origin);
        self.shared.enter(ConsumerState::BackingOff);
        or_cancelled(&self.cancel, sleep(delay)).await
    }
}
