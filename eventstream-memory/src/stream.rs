use std::{fmt, ops::Range, sync::Arc};

use eventstream_core::{Error, Event, EventStream, EventTypes, Identity, Parcel, Result};

use crate::{
    MemoryCursor, MemoryStreamBuilder,
    log::{Limits, Log},
};

/// An ordered stream of event messages in memory, which keeps the most recent ones.
///
/// A clone is another handle to the same stream. When the last one is dropped, cursors deliver
/// what is there, and then say [`Error::Backend`] with [`StreamDropped`] as its source.
///
/// - A cursor that falls behind what is kept gets [`Error::Truncated`].
/// - Cursors hold no events: an idle or forgotten one costs some hundred bytes.
/// - The names of all event types that were ever appended are remembered: they are meant to be few.
///
/// # Examples
///
/// See [the crate](crate).
#[derive(Clone)]
pub struct MemoryStream(Arc<Owner>);

struct Owner {
    application: Identity,
    event_types: EventTypes,
    log: Arc<Log>,
}

impl MemoryStream {
    /// An open stream from offset 0 on that keeps 100 events. For more, see
    /// [`builder`](Self::builder).
    #[must_use]
    pub fn new(application: Identity) -> Self {
        Self::builder(application).build()
    }

    /// Builds a stream of an application's events.
    pub fn builder(application: Identity) -> MemoryStreamBuilder {
        MemoryStreamBuilder::new(application)
    }

    pub(crate) fn build(
        application: Identity,
        event_types: EventTypes,
        first_offset: u64,
        limits: Limits,
    ) -> Self {
        let log = Arc::new(Log::new(first_offset, limits));
        Self(Arc::new(Owner { application, event_types, log }))
    }

    /// Appends parcels to the end, as one: a cursor sees all of them or none. Returns the offsets
    /// that they have.
    ///
    /// An event that [`add`](Self::add) holds back for one of these offsets is ignored from now on:
    /// the offset is taken.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidEnvelope`] if a parcel is another application's.
    /// - [`Error::UnsupportedEventTypes`] if the stream does not declare a parcel's type.
    /// - [`Error::Backend`] if there are not enough offsets left.
    ///
    /// After an error nothing was appended.
    pub fn append(&self, parcels: Vec<Parcel>) -> Result<Range<u64>> {
        self.check(parcels.iter())?;
        self.0.log.write(|state| state.append(parcels))
    }

    /// Appends one parcel to the end, as [`append`](Self::append) does; returns its offset.
    ///
    /// # Errors
    ///
    /// As for [`append`](Self::append).
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Envelope, Identity, Parcel};
    /// use eventstream_memory::MemoryStream;
    ///
    /// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    /// let stream = MemoryStream::new(shop.clone());
    /// let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
    /// assert_eq!(stream.append_one(Parcel::seal(placed)?)?, 0);
    /// assert_eq!(stream.next_offset(), 1);
    /// # Ok::<(), eventstream_core::Error>(())
    /// ```
    pub fn append_one(&self, parcel: Parcel) -> Result<u64> {
        self.check(std::iter::once(&parcel))?;
        self.0.log.write(|state| state.append_one(parcel))
    }

    /// Adds events at the offsets that they have: for a stream that mirrors another one, and gets
    /// its events from several tasks.
    ///
    /// An event before its turn is held back until those before it are there. One that is there
    /// already, or was truncated, is ignored.
    ///
    /// # Errors
    ///
    /// - As for [`append`](Self::append); nothing was added then.
    /// - [`Error::Backend`], retryable, with [`ReorderQueueFull`](crate::ReorderQueueFull) as its
    ///   source, if more events would have to be held back than the stream may. Those before the
    ///   one that it names were taken.
    pub fn add(&self, events: impl IntoIterator<Item = Event>) -> Result<()> {
        let events: Vec<Event> = events.into_iter().collect();
        self.check(events.iter().map(|event| &event.parcel))?;
        self.0.log.write(|state| events.into_iter().try_for_each(|event| state.add(event)))
    }

    /// Removes the events below `before`.
    ///
    /// # Errors
    ///
    /// [`Error::PastTheEnd`] if `before` lies past the [next offset](Self::next_offset).
    pub fn truncate(&self, before: u64) -> Result<()> {
        self.0.log.write(|state| state.truncate(before))
    }

    /// Gives up on events that have not come: what lies below `offset` is truncated, and the stream
    /// goes on there. Does nothing if the stream has come as far.
    pub fn skip_to(&self, offset: u64) {
        self.0.log.write(|state| state.skip_to(offset));
    }

    /// The offset that the next event will get.
    #[must_use]
    pub fn next_offset(&self) -> u64 {
        self.0.log.next()
    }

    /// The offset of the oldest event that can still be read; that of the next one if there is
    /// none.
    #[must_use]
    pub fn oldest_offset(&self) -> u64 {
        self.0.log.oldest()
    }

    /// Opens a cursor, as [`open`](EventStream::open) does, without a future.
    ///
    /// # Errors
    ///
    /// As for [`open`](EventStream::open).
    pub fn open_now(&self, offset: u64, types: EventTypes) -> Result<MemoryCursor> {
        types.check_supported_by(&self.0.event_types)?;
        let oldest = self.oldest_offset();
        if offset < oldest {
            return Err(Error::Truncated { requested: offset, oldest });
        }
        Ok(MemoryCursor::new(self.0.log.clone(), offset, types))
    }

    fn check<'a>(&self, parcels: impl Iterator<Item = &'a Parcel>) -> Result<()> {
        let Owner { application, event_types, .. } = &*self.0;
        for parcel in parcels {
            parcel.check_is_from(application)?;
            if !event_types.is_any() && !event_types.contains(parcel.event_type()) {
                let types = EventTypes::from(parcel.event_type());
                return Err(Error::UnsupportedEventTypes { types });
            }
        }
        Ok(())
    }
}

impl EventStream for MemoryStream {
    type Cursor = MemoryCursor;

    fn application(&self) -> &Identity {
        &self.0.application
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(self.0.event_types.clone())
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<MemoryCursor> {
        self.open_now(offset, types)
    }

    async fn end(&self) -> Result<Option<u64>> {
        Ok(Some(self.next_offset()))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.log.write(crate::log::State::drop_stream);
    }
}

impl fmt::Debug for MemoryStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStream")
            .field("application", &self.0.application)
            .field("oldest_offset", &self.oldest_offset())
            .field("next_offset", &self.next_offset())
            .finish_non_exhaustive()
    }
}

/// A cursor has come to the end of a [`MemoryStream`] that nobody can append to any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream was dropped, so that no more events can come")]
#[non_exhaustive]
pub struct StreamDropped;
