use std::{convert::Infallible, mem, pin::pin, task::Poll};

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug_span};

use super::{
    bad_event,
    failure::Stop,
    failure_count::FailureCount,
    looks::Looks,
    wait::{self, Waited},
};
use crate::{Cursor, Error, Event, Finish, Handler, HandlerError, Identity, Result};

/// So many events are handled before other tasks get a turn, if nothing has to be waited for.
/// Without that, whoever wants to cancel might never run.
const TURN: usize = 128;

/// From the opening of a cursor to the first failure.
pub(super) struct Round<'a, C, H> {
    pub(super) cursor: C,
    pub(super) handler: &'a mut H,
    pub(super) application: &'a Identity,
    pub(super) semaphore: Option<&'a Semaphore>,
    pub(super) cancel: &'a CancellationToken,
    pub(super) failures: &'a mut FailureCount,
    pub(super) looks: &'a mut Looks,
    /// The most events in a batch; 1 is no batch.
    pub(super) max: usize,
    /// The handler's offset.
    pub(super) offset: &'a mut u64,
    /// No event below it may come any more.
    pub(super) expected: u64,
    /// The position that the handler was last told to skip to; 0 before that.
    pub(super) skipped: u64,
    /// Read, and not handed on yet; empty while reading.
    pub(super) events: Vec<Event>,
}

impl<C: Cursor, H: Handler> Round<'_, C, H> {
    /// Reads and handles events until something stops it.
    pub(super) async fn consume(&mut self) -> Result<Infallible, Stop> {
        let mut turn = 0;
        loop {
            self.read().await?;
            turn += self.events.len().max(1);
            self.take().await?;
            if turn >= TURN {
                turn = 0;
                wait::yield_now().await;
            }
        }
    }

    /// Waits for events. Meanwhile the handler is told of those that are filtered out.
    async fn read(&mut self) -> Result<(), Stop> {
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Finished(Finish::Cancelled));
            }
            let waited = {
                let mut pull = pin!(pull(&mut self.cursor, &mut self.events, self.max));
                // Almost all of a replay ends here: nothing else is made ready before.
                match wait::poll_now(pull.as_mut()).await {
                    Poll::Ready(result) => Waited::Read(result),
                    Poll::Pending => wait::read(pull, self.cancel, self.looks).await,
                }
            };
            match waited {
                Waited::Read(Ok(())) => {
                    self.looks.delivered();
                    return Ok(());
                }
                Waited::Read(Err(error)) => {
                    self.looks.delivered();
                    return Err(Stop::stream("reading the stream", error));
                }
                Waited::Cancelled => return Err(Stop::Finished(Finish::Cancelled)),
                Waited::Look => self.skip().await?,
            }
        }
    }

    /// Checks what was read, and hands it on. If one of the events is not as it should be, those
    /// before it are handled all the same: the next round begins behind them.
    async fn take(&mut self) -> Result<(), Stop> {
        let mut sound = 0;
        let mut stop = None;
        for event in &self.events {
            match bad_event::check(event, self.expected, self.application) {
                Ok(next) => self.expected = next,
                Err(bad) => {
                    stop = Some(Stop::stream("checking an event", bad));
                    break;
                }
            }
            sound += 1;
        }
        if sound > 0 {
            self.events.truncate(sound);
            self.failures.arrived();
            self.handle().await?;
            *self.offset = self.expected;
            self.failures.handled();
        }
        stop.map_or(Ok(()), Err)
    }

    /// Hands on what was read, under a permit.
    async fn handle(&mut self) -> Result<(), Stop> {
        let _permit = permit(self.semaphore, self.cancel).await?;
        let offset = *self.offset;
        if self.max > 1 {
            // The next batch is most likely of the same size: its memory is taken at once.
            let next = Vec::with_capacity(self.events.len());
            let events = mem::replace(&mut self.events, next);
            let span = debug_span!("handle_batch", offset, events = events.len());
            let handling = self.handler.handle_batch(offset, events);
            in_span(span, handling).await.map_err(|error| {
                self.failures.batch_failed(offset);
                Stop::handler("handling a batch of events", error)
            })
        } else if let Some(event) = self.events.pop() {
            let span = debug_span!(
                "handle_event",
                offset = event.offset,
                event_type = event.parcel.event_type(),
                message_id = event.parcel.message_id(),
            );
            let handling = self.handler.handle_event(offset, event);
            in_span(span, handling).await.map_err(|error| Stop::handler("handling an event", error))
        } else {
            Ok(())
        }
    }

    /// Looks at the cursor's position, and tells the handler if there is something to skip.
    async fn skip(&mut self) -> Result<(), Stop> {
        const DURING: &str = "skipping events that are filtered out";
        let position = self.cursor.position();
        self.looks.looked(position);
        let offset = *self.offset;
        if position <= offset.max(self.skipped) {
            return Ok(());
        }
        let _permit = permit(self.semaphore, self.cancel).await?;
        let span = debug_span!("skip", offset, next = position);
        let now = in_span(span, self.handler.skip(offset, position))
            .await
            .map_err(|error| Stop::handler(DURING, error))?;
        if !(offset..=position).contains(&now) {
            let error = format!(
                "told to skip from offset {offset} to {position}, the handler went to {now}"
            );
            return Err(Stop::handler(DURING, HandlerError::Retry(error.into())));
        }
        // Nothing below the position may come any more, whether or not the handler noted it.
        self.expected = self.expected.max(position);
        self.skipped = position;
        if now > offset {
            *self.offset = now;
            self.failures.handled();
        }
        Ok(())
    }
}

/// Reads one event, or a batch.
async fn pull<C: Cursor>(cursor: &mut C, events: &mut Vec<Event>, max: usize) -> Result<()> {
    if max > 1 {
        cursor.next_batch(events, max).await?;
    } else {
        events.push(cursor.next().await?);
    }
    Ok(())
}

/// Waits for a permit, if there is a semaphore.
async fn permit<'a>(
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
async fn in_span<F: Future>(span: Span, future: F) -> F::Output {
    if span.is_disabled() { future.await } else { future.instrument(span).await }
}
