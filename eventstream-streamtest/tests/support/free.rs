//! Streams that do what the contract leaves open: the suite has nothing to say against them.

use eventstream_core::{
    BoxError, CloseHandle, Cursor, Error, Event, EventStream, EventTypes, Identity, Parcel, Result,
};
use eventstream_streamtest::{StreamEnv, StreamHarness, Timing};
use tokio::task::yield_now;

use super::{
    quick,
    reference::{Reference, ReferenceCursor},
};

/// What a stream may do, and the reference stream does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Freedom {
    /// Batches have one event.
    BatchesOfOne,
    /// What is truncated is refused by the first call.
    RefusesLate,
    /// What is filtered out is looked over at once.
    LooksAhead,
    /// Calls wait for something else, too, before and after they look.
    TakesItsTime,
}

pub struct FreeEnv {
    freedom: Freedom,
    reference: Reference,
}

impl StreamHarness for Freedom {
    type Env = FreeEnv;

    async fn start(&self) -> Result<FreeEnv, BoxError> {
        Ok(FreeEnv { freedom: *self, reference: Reference::declaring(0) })
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<FreeEnv>, BoxError> {
        Ok(Some(FreeEnv { freedom: *self, reference: Reference::declaring(first_offset) }))
    }

    fn timing(&self) -> Timing {
        quick()
    }
}

impl StreamEnv for FreeEnv {
    type Stream = Self;

    fn stream(&self) -> &Self {
        self
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.reference.append(parcels).await
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.reference.truncate(before).await
    }
}

impl EventStream for FreeEnv {
    type Cursor = FreeCursor;

    fn application(&self) -> &Identity {
        self.reference.application()
    }

    async fn event_types(&self) -> Result<EventTypes> {
        self.reference.event_types().await
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<FreeCursor> {
        let inner = match self.reference.open(offset, types.clone()).await {
            Err(Error::Truncated { oldest, .. }) if self.freedom == Freedom::RefusesLate => {
                let mut inner = self.reference.open(oldest, types).await?;
                inner.jump_to(offset);
                inner
            }
            inner => inner?,
        };
        let mut cursor = FreeCursor { freedom: self.freedom, inner, in_hand: None };
        cursor.look_ahead();
        Ok(cursor)
    }
}

pub struct FreeCursor {
    freedom: Freedom,
    inner: ReferenceCursor,
    in_hand: Option<Event>,
}

impl FreeCursor {
    fn look_ahead(&mut self) {
        if self.freedom == Freedom::LooksAhead {
            self.inner.look_ahead();
        }
    }
}

impl Cursor for FreeCursor {
    async fn next(&mut self) -> Result<Event> {
        let slow = self.freedom == Freedom::TakesItsTime;
        if slow {
            yield_now().await;
        }
        if self.in_hand.is_none() {
            self.in_hand = Some(self.inner.next().await?);
        }
        if slow {
            yield_now().await;
            yield_now().await;
        }
        self.inner.close_handle().check()?;
        self.look_ahead();
        Ok(self.in_hand.take().unwrap())
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        buf.push(self.next().await?);
        Ok(1)
    }

    fn position(&self) -> u64 {
        self.in_hand.as_ref().map_or_else(|| self.inner.position(), |event| event.offset)
    }

    fn close_handle(&self) -> CloseHandle {
        self.inner.close_handle()
    }
}
