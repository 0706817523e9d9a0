use std::future::Future;

use crate::{Event, Handler, HandlerError, Identity, Incarnation};

/// So that one can keep a handler, and look at it when the consumer has ended.
#[deny(clippy::missing_trait_methods)]
impl<H: Handler> Handler for &mut H {
    fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        H::begin(self, source, incarnation)
    }

    fn next_offset(
        &mut self,
        source: &Identity,
    ) -> impl Future<Output = Result<u64, HandlerError>> + Send {
        H::next_offset(self, source)
    }

    fn handle_event(
        &mut self,
        offset: u64,
        event: Event,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        H::handle_event(self, offset, event)
    }

    fn handle_batch(
        &mut self,
        offset: u64,
        events: Vec<Event>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        H::handle_batch(self, offset, events)
    }

    fn skip(
        &mut self,
        offset: u64,
        next: u64,
    ) -> impl Future<Output = Result<u64, HandlerError>> + Send {
        H::skip(self, offset, next)
    }

    fn has_begun(
        &mut self,
        source: &Identity,
    ) -> impl Future<Output = Result<bool, HandlerError>> + Send {
        H::has_begun(self, source)
    }

    fn begin_at(
        &mut self,
        source: &Identity,
        offset: u64,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        H::begin_at(self, source, offset)
    }

    fn handle_parked(
        &mut self,
        source: &Identity,
        event: Event,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        H::handle_parked(self, source, event)
    }
}
