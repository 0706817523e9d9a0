//! How a round begins: from asking the stream for its types to the cursor.

use std::collections::BTreeSet;

use tracing::{debug, info};

use super::{failure::Stop, run::Run, start, wait::or_cancelled};
use crate::{EventStream, EventTypes, Finish, Handler, HandlerError, Identity, parked::Policy};

/// A cursor at the handler's offset.
pub(super) struct Opened<C> {
    pub(super) cursor: C,
    pub(super) offset: u64,
    /// Where events stand that are parked, and not to be handled when they come.
    pub(super) parked: BTreeSet<u64>,
}

impl<S: EventStream, H: Handler> Run<'_, S, H> {
    pub(super) async fn open(&mut self) -> Result<Opened<S::Cursor>, Stop> {
        let application = self.stream.application();
        let types = self.relevant_types(application).await?;
        let offset = self.handlers_offset(application).await?;
        self.offset = Some(offset);
        self.failures.resumed(offset);
        let parked = self.parked(application, offset).await?;

        debug!(%application, offset, %types, "opening the stream");
        let cursor = or_cancelled(&self.cancel, self.stream.open(offset, types))
            .await?
            .map_err(|error| Stop::stream("opening the stream", error))?;
        self.shared.opened_at(offset);
        Ok(Opened { cursor, offset, parked })
    }

    async fn relevant_types(&mut self, application: &Identity) -> Result<EventTypes, Stop> {
        let produced = or_cancelled(&self.cancel, self.stream.event_types())
            .await?
            .map_err(|error| Stop::stream("asking the stream for its event types", error))?;
        let wanted = &self.settings.event_types;
        let relevant = wanted.intersection(&produced);
        if relevant.is_empty() {
            info!(
                %application,
                %wanted,
                %produced,
                "the stream carries none of the event types that are wanted: nothing to consume"
            );
            return Err(Stop::Finished(Finish::NoRelevantEventTypes));
        }
        Ok(relevant)
    }

    async fn handlers_offset(&mut self, application: &Identity) -> Result<u64, Stop> {
        let cancel = &self.cancel;
        let incarnation = or_cancelled(cancel, self.stream.incarnation())
            .await?
            .map_err(|error| Stop::stream("asking the stream for its incarnation", error))?;
        or_cancelled(cancel, self.handler.begin(application, incarnation))
            .await?
            .map_err(|error| Stop::handler("telling the handler of the stream", error))?;
        self.begin_where_it_is_to(application).await?;
        or_cancelled(&self.cancel, self.handler.next_offset(application))
            .await?
            .map_err(|error| Stop::handler("asking the handler for its offset", error))
    }

    /// Takes the start position, if there is one and the handler has not begun.
    async fn begin_where_it_is_to(&mut self, application: &Identity) -> Result<(), Stop> {
        let Some(at) = self.settings.start.filter(|_| !self.has_begun) else {
            return Ok(());
        };
        let begun = or_cancelled(&self.cancel, self.handler.has_begun(application))
            .await?
            .map_err(|error| Stop::handler("asking the handler whether it has begun", error))?;
        if !begun {
            let offset = or_cancelled(&self.cancel, start::resolve(self.stream, at))
                .await?
                .map_err(|error| Stop::stream("finding out where to begin", error))?;
            info!(%application, start = ?at, offset, "beginning with the stream");
            or_cancelled(&self.cancel, self.handler.begin_at(application, offset))
                .await?
                .map_err(|error| Stop::handler("storing where to begin", error))?;
        }
        self.has_begun = true;
        Ok(())
    }

    /// Where events stand that were parked, but not passed over yet.
    async fn parked(&mut self, application: &Identity, offset: u64) -> Result<BTreeSet<u64>, Stop> {
        const DURING: &str = "looking for parked events";
        let Policy::Park { store, .. } = &self.settings.poison.0 else {
            return Ok(BTreeSet::new());
        };
        let failed = |error| Stop::handler(DURING, HandlerError::Retry(Box::new(error)));
        let parked =
            or_cancelled(&self.cancel, store.resume(application, offset)).await?.map_err(failed)?;
        let count = or_cancelled(&self.cancel, store.count(application)).await?.map_err(failed)?;
        self.shared.parked(count);
        Ok(parked.into_iter().collect())
    }
}
