//! What a round does with the handler.

use std::mem;

use tokio::{
    sync::{Semaphore, SemaphorePermit, TryAcquireError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug_span};

use super::{
    failure::Stop,
    round::Round,
    status::Wants,
    telemetry::{batch_span, event_span},
    wait,
};
use crate::{Cursor, Error, Event, Finish, Handler, HandlerError, parked::Policy};

impl<C: Cursor, H: Handler> Round<'_, C, H> {
    /// Hands on the events that were read, which are as they should be.
    pub(super) async fn hand_on(&mut self) -> Result<Wants, Stop> {
        if self.events.len() == 1
            && let Some(event) = self.events.pop()
        {
            return self.hand_on_one(event).await;
        }
        // The next batch is most likely of the same size: its memory is taken at once.
        let next = Vec::with_capacity(self.events.len());
        let events = mem::replace(&mut self.events, next);
        if self.parked.is_empty() {
            return self.hand_on_batch(events).await;
        }
        let mut wants = Wants::default();
        for event in events {
            // What is not in hand yet is left to the next round.
            if self.cancel.is_cancelled() {
                return Err(Stop::Finished(Finish::Cancelled));
            }
            if wants.pause {
                return Err(Stop::Paused);
            }
            wants = self.hand_on_one(event).await?;
        }
        Ok(wants)
    }

    async fn hand_on_one(&mut self, event: Event) -> Result<Wants, Stop> {
        if self.parked.remove(&event.offset) {
            return Box::pin(self.pass_over(event.offset)).await;
        }
        // The policy may want to know it when the handler has it no more.
        let kept = match self.settings.poison.0 {
            Policy::Retry => None,
            Policy::Stop { .. } | Policy::Park { .. } => Some(event.clone()),
        };
        let offset = *self.offset;
        // Those below it are handled or parked; those above may have been checked, too.
        let next = event.offset.saturating_add(1);
        let permit = permit(self.settings.semaphore.as_deref(), self.cancel).await?;
        let since = self.shared.handling(Some(&event));
        let span = event_span(&event, false);
        let result = if self.one_by_one {
            in_span(span, self.handler.handle_event(offset, event)).await
        } else {
            in_span(span, self.handler.handle_batch(offset, vec![event])).await
        };
        drop(permit);
        match self.given_back(result, 1, next, since) {
            Ok(wants) => Ok(wants),
            Err(error) => Box::pin(self.judge(kept, error)).await,
        }
    }

    async fn hand_on_batch(&mut self, events: Vec<Event>) -> Result<Wants, Stop> {
        let (offset, count) = (*self.offset, events.len());
        let permit = permit(self.settings.semaphore.as_deref(), self.cancel).await?;
        let since = self.shared.handling(events.last());
        let span = batch_span(offset, &events);
        let result = in_span(span, self.handler.handle_batch(offset, events)).await;
        drop(permit);
        self.given_back(result, count, self.expected, since).map_err(|error| {
            self.failures.batch_failed(offset);
            if !matches!(error, HandlerError::Conflict) {
                // One of them is at fault: it will be found when each is handled by itself.
                *self.suspects = self.expected;
            }
            Stop::handler("handling a batch of events", error)
        })
    }

    /// The handler is done with what it had in hand.
    fn given_back(
        &mut self,
        result: Result<(), HandlerError>,
        count: usize,
        next: u64,
        since: Instant,
    ) -> Result<Wants, HandlerError> {
        self.meters.processed(count, || since.elapsed(), result.is_ok());
        if let Err(error) = result {
            self.shared.gave_back();
            return Err(error);
        }
        *self.offset = next;
        self.failures.handled();
        Ok(self.shared.handled(next, since))
    }

    /// Looks at the cursor's position, and tells the handler if there is something to skip.
    pub(super) async fn look(&mut self) -> Result<(), Stop> {
        let position = self.cursor.position();
        self.looks.looked(position);
        if position > (*self.offset).max(self.skipped) {
            self.skipped = position;
            if self.skip_to(position).await? {
                self.failures.handled();
                self.shared.skipped();
            }
        }
        self.shared.looked(*self.offset, position);
        Ok(())
    }

    /// Tells the handler that nothing is left to handle below `next`. Returns whether it has noted
    /// that.
    pub(super) async fn skip_to(&mut self, next: u64) -> Result<bool, Stop> {
        const DURING: &str = "skipping events that are not to be handled";
        let offset = *self.offset;
        let permit = permit(self.settings.semaphore.as_deref(), self.cancel).await?;
        self.shared.handling(None);
        let skipping = self.handler.skip(offset, next);
        let result = in_span(debug_span!("skip", offset, next), skipping).await;
        drop(permit);
        self.shared.gave_back();
        let now = result.map_err(|error| Stop::handler(DURING, error))?;
        if !(offset..=next).contains(&now) {
            let error =
                format!("told to skip from offset {offset} to {next}, the handler went to {now}");
            return Err(Stop::handler(DURING, HandlerError::Retry(error.into())));
        }
        // Nothing below it may come any more, whether or not the handler noted it.
        self.expected = self.expected.max(next);
        *self.offset = now;
        Ok(now > offset)
    }
}

/// Waits for a permit, if there is a semaphore.
pub(super) async fn permit<'a>(
    semaphore: Option<&'a Semaphore>,
    cancel: &CancellationToken,
) -> Result<Option<SemaphorePermit<'a>>, Stop> {
    let Some(semaphore) = semaphore else {
        return Ok(None);
    };
    let permit = match semaphore.try_acquire() {
        Ok(permit) => return Ok(Some(permit)),
        Err(TryAcquireError::NoPermits) => {
            wait::or_cancelled(cancel, semaphore.acquire()).await?.map_err(Into::into)
        }
        Err(closed @ TryAcquireError::Closed) => Err(closed.into()),
    };
    permit.map(Some).map_err(|error| {
        Stop::Broken(Error::Backend {
            operation: "acquiring a permit of the consumer's semaphore",
            retryable: false,
            source: error,
        })
    })
}

/// A span that is disabled costs nothing, not even the entering.
pub(super) async fn in_span<F: Future>(span: Span, future: F) -> F::Output {
    if span.is_disabled() { future.await } else { future.instrument(span).await }
}
