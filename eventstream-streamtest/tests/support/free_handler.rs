//! Handlers that do what the contract leaves open: the suite has nothing to say against them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eventstream_core::{Event, Handler, HandlerError, Identity, Incarnation};
use eventstream_streamtest::Profile;
use tokio::task::yield_now;

use super::handler::{Make, ReferenceHandler, Table, is_failing};

/// What a handler may do, and the reference handler does not.
#[derive(Clone)]
pub enum HandlerFreedom {
    /// A batch is no more than its events.
    HandlesOneByOne,
    /// A skip moves the offset half the way.
    SkipsHalfway,
    /// A skip does nothing, from wherever.
    NeverSkips,
    /// It takes no start position, though it knows whether it has begun.
    RejectsStarts,
    /// Calls wait for something else, too, before and after they do what they do.
    TakesItsTime,
    /// If another one is at work, it is no conflict, but to be tried later.
    TakesTurns(Arc<AtomicBool>),
}

impl HandlerFreedom {
    pub fn takes_turns() -> Self {
        Self::TakesTurns(Arc::default())
    }
}

pub struct FreeHandler {
    freedom: HandlerFreedom,
    inner: ReferenceHandler,
}

impl Make for HandlerFreedom {
    type Handler = FreeHandler;

    fn handler(&self, table: &Table) -> FreeHandler {
        FreeHandler { freedom: self.clone(), inner: ReferenceHandler::new(table.clone()) }
    }
}

impl FreeHandler {
    async fn pause(&self) {
        if matches!(self.freedom, HandlerFreedom::TakesItsTime) {
            yield_now().await;
            yield_now().await;
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl Handler for FreeHandler {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.pause().await;
        self.inner.begin(source, incarnation).await
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.pause().await;
        let offset = self.inner.next_offset(source).await;
        self.pause().await;
        offset
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(
        &mut self,
        mut offset: u64,
        events: Vec<Event>,
    ) -> Result<(), HandlerError> {
        match &self.freedom {
            HandlerFreedom::HandlesOneByOne => {
                for event in events {
                    let next = event.offset + 1;
                    self.inner.handle_event(offset, event).await?;
                    offset = next;
                }
                Ok(())
            }
            HandlerFreedom::TakesTurns(busy) => {
                if busy.swap(true, Ordering::SeqCst) {
                    return Err("another one is at work".into());
                }
                yield_now().await;
                let result = self.inner.handle_batch(offset, events).await;
                busy.store(false, Ordering::SeqCst);
                result
            }
            _ => {
                self.pause().await;
                let result = self.inner.handle_batch(offset, events).await;
                self.pause().await;
                result
            }
        }
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.pause().await;
        match self.freedom {
            HandlerFreedom::NeverSkips => Ok(offset),
            HandlerFreedom::SkipsHalfway => self.inner.skip(offset, offset.midpoint(next)).await,
            _ => self.inner.skip(offset, next).await,
        }
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.pause().await;
        self.inner.has_begun(source).await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        if matches!(self.freedom, HandlerFreedom::RejectsStarts) {
            return Err(HandlerError::Reject("it begins at the beginning".into()));
        }
        self.pause().await;
        self.inner.begin_at(source, offset).await?;
        self.pause().await;
        Ok(())
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.pause().await;
        self.inner.handle_parked(source, event).await
    }
}

/// Handlers that have nothing but what each has to have.
#[derive(Clone)]
pub struct Plain;

pub struct PlainHandler {
    table: Table,
    key: String,
}

impl Make for Plain {
    type Handler = PlainHandler;

    fn handler(&self, table: &Table) -> PlainHandler {
        PlainHandler { table: table.clone(), key: String::new() }
    }

    fn profile(&self) -> Profile {
        let reason = "it can't replay events";
        Profile::full()
            .without("parked::is_made_out_of_turn", reason)
            .without("parked::is_made_once", reason)
            .without("parked::what_fails_again_has_no_effect", reason)
    }

    fn replays(&self) -> bool {
        false
    }
}

impl Handler for PlainHandler {
    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        source.key.clone_into(&mut self.key);
        Ok(self.table.with(|state| state.offset(&source.key)))
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.table.transact(|state| {
            state.compare(&self.key, offset)?;
            if is_failing(&event) {
                return Err(HandlerError::Reject("the event is one that fails".into()));
            }
            state.add_effect(&self.key, event.offset);
            state.move_to(&self.key, event.offset + 1);
            Ok(())
        })
    }
}
