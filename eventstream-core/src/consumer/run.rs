use std::convert::Infallible;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    failure::{Chain, Failure, Stop},
    failure_count::FailureCount,
    looks::Looks,
    round::Round,
    wait::{or_cancelled, yield_now},
};
use crate::{Consumer, CursorExt, EventStream, Finish, Handler, Result};

/// A consumer at work: rounds, one after another, until one ends for good.
pub(super) struct Run<S, H> {
    consumer: Consumer<S, H>,
    cancel: CancellationToken,
    failures: FailureCount,
    looks: Looks,
    /// The handler's offset as last known.
    offset: Option<u64>,
}

impl<S: EventStream, H: Handler> Run<S, H> {
    pub(super) fn new(consumer: Consumer<S, H>, cancel: &CancellationToken) -> Self {
        Self {
            looks: Looks::new(consumer.skip_interval),
            consumer,
            // One of its own: it is looked at for every event, under a lock that consumers with
            // clones of one token would share.
            cancel: cancel.child_token(),
            failures: FailureCount::new(),
            offset: None,
        }
    }

    pub(super) async fn drive(mut self) -> Result<Finish> {
        loop {
            let Err(stop) = self.round().await;
            let ended = match stop {
                Stop::Finished(finish) => Ok(finish),
                Stop::Broken(error) => Err(error),
                Stop::Conflict => {
                    debug!(
                        application = %self.consumer.stream.application(),
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
        let (stream, handler) = (&self.consumer.stream, &mut self.consumer.handler);
        let cancel = &self.cancel;
        let application = stream.application();

        let produced = or_cancelled(cancel, stream.event_types())
            .await?
            .map_err(|error| Stop::stream("asking the stream for its event types", error))?;
        let relevant = self.consumer.event_types.intersection(&produced);
        if relevant.is_empty() {
            info!(
                %application,
                wanted = %self.consumer.event_types,
                %produced,
                "the stream carries none of the event types that are wanted: nothing to consume"
            );
            return Err(Stop::Finished(Finish::NoRelevantEventTypes));
        }

        let incarnation = or_cancelled(cancel, stream.incarnation())
            .await?
            .map_err(|error| Stop::stream("asking the stream for its incarnation", error))?;
        or_cancelled(cancel, handler.begin(application, incarnation))
            .await?
            .map_err(|error| Stop::handler("telling the handler of the stream", error))?;
        let mut offset = or_cancelled(cancel, handler.next_offset(application))
            .await?
            .map_err(|error| Stop::handler("asking the handler for its offset", error))?;
        self.offset = Some(offset);
        self.failures.resumed(offset);

        debug!(%application, offset, types = %relevant, "opening the stream");
        let cursor = or_cancelled(cancel, stream.open(offset, relevant))
            .await?
            .map_err(|error| Stop::stream("opening the stream", error))?;
        let mut round = Round {
            cursor,
            handler,
            application,
            semaphore: self.consumer.semaphore.as_deref(),
            cancel,
            failures: &mut self.failures,
            looks: &mut self.looks,
            max: self.consumer.batch,
            expected: offset,
            skipped: 0,
            offset: &mut offset,
            events: Vec::new(),
        };
        let stopped = round.consume().await;
        // Closed already, if it was the cursor that ended the round.
        let _ = round.cursor.close();
        self.offset = Some(offset);
        stopped
    }

    /// Counts a failure, says so, and waits.
    async fn back_off(&mut self, failure: &Failure) -> Result<(), Stop> {
        let failures = self.failures.failed(failure.origin);
        let delay = self.consumer.backoff.delay(failures);
        warn!(
            application = %self.consumer.stream.application(),
            offset = self.offset,
            failures,
            ?delay,
            during = failure.during,
            rejected = failure.rejected,
            error = %Chain(failure.error.as_ref()),
            "consuming failed: starting again after the delay"
        );
        or_cancelled(&self.cancel, sleep(delay)).await
    }
}
