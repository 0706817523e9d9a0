use eventstream_core::{Handler, HandlerError, Identity, Incarnation};

use super::{given::Given, outcome::said};
use crate::{
    failure::{Check, fail},
    run::Progress,
};

/// What the stream is said to be, always the same.
pub(crate) const INCARNATION: Incarnation = Incarnation::from_random(*b"of a stream test");

/// A handler with a name, for the texts of failures.
pub(crate) struct Subject<H> {
    pub(crate) handler: H,
    pub(crate) name: String,
    progress: Progress,
}

impl<H: Handler> Subject<H> {
    pub(crate) fn new(handler: H, name: impl Into<String>, progress: Progress) -> Self {
        Self { handler, name: name.into(), progress }
    }

    fn doing(&self, what: &str) {
        self.progress.doing(format!("waiting for {}, which is {what}", self.name));
    }

    /// The handler's offset, as a consumer asks for it at the beginning and after any error.
    pub(crate) async fn offset(&mut self, source: &Identity) -> Check<u64> {
        self.begin(source).await?;
        self.next_offset(source).await
    }

    pub(crate) async fn begin(&mut self, source: &Identity) -> Check {
        self.doing("told of the stream");
        match self.handler.begin(source, Some(INCARNATION)).await {
            Ok(()) => Ok(()),
            Err(error) => fail!(
                "{} was told of the stream, which is always the same, but says: {}",
                self.name,
                said(&error)
            ),
        }
    }

    pub(crate) async fn next_offset(&mut self, source: &Identity) -> Check<u64> {
        self.doing("asked for its offset");
        match self.handler.next_offset(source).await {
            Ok(next) => Ok(next),
            Err(error) => fail!("{} must have an offset, but says: {}", self.name, said(&error)),
        }
    }

    pub(crate) async fn has_begun(&mut self, source: &Identity) -> Check<bool> {
        self.doing("asked whether it has begun");
        match self.handler.has_begun(source).await {
            Ok(has_begun) => Ok(has_begun),
            Err(error) => {
                fail!("{} must know whether it has begun, but says: {}", self.name, said(&error))
            }
        }
    }

    /// Hands in something; what comes of it is for the case.
    pub(crate) async fn hand_in(&mut self, offset: u64, given: &Given) -> Result<(), HandlerError> {
        self.doing(&format!("handed {given} at offset {offset}"));
        match given.clone() {
            Given::Event(event) => self.handler.handle_event(offset, event).await,
            Given::Batch(events) => self.handler.handle_batch(offset, events).await,
        }
    }

    pub(crate) async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.doing(&format!("told to skip from offset {offset} to {next}"));
        self.handler.skip(offset, next).await
    }

    /// Has it begin at an offset. Says whether it does: it may reject that.
    pub(crate) async fn begins_at(&mut self, source: &Identity, offset: u64) -> Check<bool> {
        self.doing(&format!("told to begin at {offset}"));
        match self.handler.begin_at(source, offset).await {
            Ok(()) => Ok(true),
            Err(HandlerError::Reject(_)) => Ok(false),
            Err(error) => fail!(
                "{} has not begun, and must begin at {offset} or reject it, but says: {}",
                self.name,
                said(&error)
            ),
        }
    }

    /// It has begun, so it must not begin anew.
    pub(crate) async fn refuses_to_begin_at(&mut self, source: &Identity, offset: u64) -> Check {
        self.doing(&format!("told to begin at {offset}"));
        match self.handler.begin_at(source, offset).await {
            Err(HandlerError::Conflict) => Ok(()),
            Err(error) => fail!(
                "{} has begun already: to begin at {offset} must be a conflict, but it says: {}",
                self.name,
                said(&error)
            ),
            Ok(()) => fail!(
                "{} has begun already: to begin at {offset} must be a conflict, but it does so",
                self.name
            ),
        }
    }
}
