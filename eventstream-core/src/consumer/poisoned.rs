//! What a round does with an event that the handler fails with.

use tracing::{debug, info, warn};

use super::{
    failure::Stop,
    failure_count::Origin,
    handing_on::{in_span, permit},
    round::Round,
    status::Wants,
    telemetry::event_span,
    wait::or_cancelled,
};
use crate::{
    BoxError, Cursor, Error, Event, Handler, HandlerError, Report,
    parked::{ErasedParkedEvents, Policy},
};

const HANDLING: &str = "handling an event";
const PARKING: &str = "noting that an event could not be handled";
const REPLAYING: &str = "replaying a parked event";

impl<C: Cursor, H: Handler> Round<'_, C, H> {
    /// Decides what becomes of an event that the handler could not handle: it is there, if the
    /// policy needs it.
    pub(super) async fn judge(
        &mut self,
        event: Option<Event>,
        error: HandlerError,
    ) -> Result<Wants, Stop> {
        let (cause, rejected) = match error {
            HandlerError::Conflict => return Err(Stop::Conflict),
            HandlerError::Retry(cause) => (cause, false),
            HandlerError::Reject(cause) => (cause, true),
        };
        match (&self.settings.poison.0, event) {
            (Policy::Retry, _) | (_, None) => Err(again(cause, rejected)),
            (Policy::Stop { after }, Some(event)) => {
                let attempts = self.attempts.failed(event.offset);
                if !rejected && attempts < *after {
                    return Err(again(cause, rejected));
                }
                self.shared.failed(HANDLING, Report(cause.as_ref()).to_string(), attempts);
                let offset = event.offset;
                Err(Stop::Broken(Error::Poisoned { offset, attempts, source: cause }))
            }
            (Policy::Park { after, store }, Some(event)) => {
                let error = Report(cause.as_ref()).to_string();
                let noting = store.failed(self.application, &event, &error);
                let attempts = or_cancelled(self.cancel, noting)
                    .await?
                    .map_err(|failure| failed(PARKING, failure))?;
                if !rejected && attempts < *after {
                    return Err(again(cause, rejected));
                }
                self.park(&event, attempts, error, store.as_ref()).await
            }
        }
    }

    async fn park(
        &mut self,
        event: &Event,
        attempts: u32,
        error: String,
        store: &dyn ErasedParkedEvents,
    ) -> Result<Wants, Stop> {
        let offset = event.offset;
        let application = self.application;
        let parking = or_cancelled(self.cancel, store.park(application, offset)).await?;
        if !parking.map_err(|failure| failed(PARKING, failure))? {
            let error = "somebody has forgotten the event meanwhile, or handled it";
            return Err(Stop::handler(PARKING, HandlerError::Retry(error.into())));
        }
        warn!(
            %application,
            offset,
            message_id = event.parcel.message_id(),
            attempts,
            error,
            "the event could not be handled, and is parked: going on without it"
        );
        let failures = self.failures.failed(Origin::Handler);
        self.meters.failed(Origin::Handler);
        self.shared.failed(HANDLING, error, failures);
        // All of them are counted with the next heartbeat: to do it each time takes long if there
        // are many.
        self.shared.parked_one();
        self.pass_over(offset).await
    }

    /// Goes on behind an event that is parked.
    pub(super) async fn pass_over(&mut self, offset: u64) -> Result<Wants, Stop> {
        let next = offset.saturating_add(1);
        // That it is out of the way does not mean that the handler works again.
        self.skip_to(next).await?;
        self.shared.passed_over(*self.offset, next);
        Ok(self.shared.wants())
    }

    /// Has the handler handle the parked events that are to be replayed.
    pub(super) async fn replay(&mut self) -> Result<(), Stop> {
        self.shared.set_replay(false);
        let Policy::Park { store, .. } = &self.settings.poison.0 else {
            return Ok(());
        };
        let application = self.application;
        let mut before = None;
        loop {
            let next = or_cancelled(self.cancel, store.next_replay(application)).await?;
            let Some(parked) = next.map_err(|failure| failed(REPLAYING, failure))? else {
                break;
            };
            let event = parked.event;
            // In its turn it would come once more, after a restart: it has to be behind us first.
            if event.offset >= *self.offset {
                debug!(%application, event.offset, "the parked event is to be passed over first");
                break;
            }
            // It was not forgotten when it should have been: the next heartbeat tries again.
            if before.replace(event.offset) == Some(event.offset) {
                break;
            }
            self.replay_one(&event, store.as_ref()).await?;
            // Those that are left are found again by the next heartbeat.
            if self.shared.wants().pause {
                return Err(Stop::Paused);
            }
        }
        let count = store.count(application).await.map_err(|failure| failed(REPLAYING, failure))?;
        self.shared.parked(count);
        Ok(())
    }

    async fn replay_one(
        &mut self,
        event: &Event,
        store: &dyn ErasedParkedEvents,
    ) -> Result<(), Stop> {
        let (application, offset) = (self.application, event.offset);
        let permit = permit(self.settings.semaphore.as_deref(), self.cancel).await?;
        let since = self.shared.handling(None);
        let handling = self.handler.handle_parked(application, event.clone());
        let result = in_span(event_span(event, true), handling).await;
        drop(permit);
        self.shared.gave_back();
        self.meters.processed(1, || since.elapsed(), result.is_ok());
        match result {
            Ok(()) => {
                info!(%application, offset, "the parked event is handled");
                store
                    .remove(application, offset)
                    .await
                    .map_err(|failure| failed(REPLAYING, failure))?;
            }
            Err(HandlerError::Conflict) => {
                debug!(%application, offset, "the parked event is handled or removed already");
            }
            Err(HandlerError::Retry(cause) | HandlerError::Reject(cause)) => {
                let error = Report(cause.as_ref()).to_string();
                warn!(%application, offset, error, "the parked event still can't be handled");
                store
                    .failed(application, event, &error)
                    .await
                    .map_err(|failure| failed(REPLAYING, failure))?;
            }
        }
        Ok(())
    }
}

/// The event is tried again after a while.
fn again(cause: BoxError, rejected: bool) -> Stop {
    let error = if rejected { HandlerError::Reject(cause) } else { HandlerError::Retry(cause) };
    Stop::handler(HANDLING, error)
}

/// The store of parked events has failed, which is as if the handler had.
fn failed(during: &'static str, failure: Error) -> Stop {
    Stop::handler(during, HandlerError::Retry(Box::new(failure)))
}
