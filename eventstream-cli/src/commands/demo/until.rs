use eventstream_core::{Event, Handler, HandlerError, Identity, Incarnation};
use tokio_util::sync::CancellationToken;

use crate::output::Progress;

/// A handler that stops its consumer at an offset, counts what was handled, and shows it.
pub(super) struct Until<H> {
    handler: H,
    /// Where to stop: there, or at the end of the batch that goes past it.
    end: u64,
    stop: CancellationToken,
    progress: Progress,
    handled: u64,
}

impl<H> Until<H> {
    pub(super) fn new(handler: H, end: u64, stop: CancellationToken, progress: Progress) -> Self {
        Self { handler, end, stop, progress, handled: 0 }
    }

    /// How many events were handled.
    pub(super) fn handled(&self) -> u64 {
        self.handled
    }

    /// All below `next` is done with.
    fn came_to(&self, next: u64) {
        self.progress.set(next, next);
        if next >= self.end {
            self.stop.cancel();
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<H: Handler> Handler for Until<H> {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.handler.begin(source, incarnation).await
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.handler.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        let next = event.offset + 1;
        self.handler.handle_event(offset, event).await?;
        self.handled += 1;
        self.came_to(next);
        Ok(())
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        let (number, last) = (events.len() as u64, events.last().map(|event| event.offset));
        self.handler.handle_batch(offset, events).await?;
        self.handled += number;
        if let Some(last) = last {
            self.came_to(last + 1);
        }
        Ok(())
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        let next = self.handler.skip(offset, next).await?;
        self.came_to(next);
        Ok(next)
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.handler.has_begun(source).await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.handler.begin_at(source, offset).await
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.handler.handle_parked(source, event).await
    }
}
