use std::{future::Future, sync::Arc};

use crate::{Cursor, EventTypes, Identity, Incarnation, Result};

/// An ordered stream of event messages, recorded by one application.
///
/// # Contract
///
/// Every rule names the case of `eventstream-streamtest` that proves it.
///
/// - Offsets are 0-based and gapless, and an event keeps its offset for ever. The last offset
///   that is given is `u64::MAX - 1`, so that the next one can always be named. An append for which
///   no offset is left fails. (`offsets::are_gapless`, `offsets::near_the_largest`)
/// - [`event_types`](Self::event_types) holds every type that the stream carries; a stream that
///   declares none carries any type: [`EventTypes::any`]. (`open::declares_what_it_carries`)
/// - [`open`](Self::open) gives a cursor whose first event is the first of the types asked for
///   at or after `offset`. (`open::honours_the_offset`)
/// - An offset past the end is no error: the cursor waits until the stream has come there.
///   (`open::past_the_end_waits`)
/// - An empty filter is refused. (`open::refuses_an_empty_filter`)
/// - A filter that names a type which the stream does not declare is refused, and the error names
///   those types and no others; an open stream refuses none.
///   (`open::refuses_types_that_are_not_declared`)
/// - An offset below the oldest event that is still there is refused, at once or by the cursor's
///   first [`next`](Cursor::next). It never starts somewhere else.
///   (`truncation::before_the_oldest_is_an_error`, `truncation::the_oldest_can_be_read`)
/// - Cursors are independent of each other: each gets every event.
///   (`next::cursors_do_not_compete`)
/// - [`end`](Self::end), where the stream can tell, is the offset that the next event will get.
///   (`offsets::the_end_is_where_the_next_event_goes`)
/// - Streams are independent of each other. (`isolation::streams_are_separate`)
/// - A stream that goes away while a cursor is open ends that cursor with
///   [`Error::Backend`](crate::Error::Backend), or not at all; never with
///   [`Error::CursorClosed`](crate::Error::CursorClosed), and never with a panic.
///   (`close::a_source_that_goes_away_is_not_a_close`)
///
/// # Examples
///
/// Code that works on any stream:
///
/// ```
/// use eventstream_core::{Cursor, Event, EventStream, EventTypes, Result};
///
/// /// The first event of a type.
/// async fn first<S: EventStream>(stream: &S, event_type: &str) -> Result<Event> {
///     let mut cursor = stream.open(0, EventTypes::from(event_type)).await?;
///     cursor.next().await
/// }
/// ```
pub trait EventStream: Send + Sync + 'static {
    /// What reads this stream.
    type Cursor: Cursor;

    /// The application whose events these are.
    fn application(&self) -> &Identity;

    /// The types of events that may appear on the stream.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if they can't be found out.
    fn event_types(&self) -> impl Future<Output = Result<EventTypes>> + Send;

    /// Opens a cursor on the events of `types` from `offset` on. It does not wait for events.
    ///
    /// # Cancel safety
    ///
    /// The future can be dropped at any time; there is then no cursor.
    ///
    /// # Errors
    ///
    /// - [`Error::NoEventTypes`](crate::Error::NoEventTypes) if `types` is empty.
    /// - [`Error::UnsupportedEventTypes`](crate::Error::UnsupportedEventTypes) if the stream does
    ///   not declare all of `types`.
    /// - [`Error::Truncated`](crate::Error::Truncated) if the event at `offset` is gone.
    /// - [`Error::Backend`](crate::Error::Backend) if what the stream stands on fails.
    fn open(
        &self,
        offset: u64,
        types: EventTypes,
    ) -> impl Future<Output = Result<Self::Cursor>> + Send;

    /// Tells this stream from one that took its place, or takes it later. As provided, `None`: it
    /// can't tell.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn incarnation(&self) -> impl Future<Output = Result<Option<Incarnation>>> + Send {
        async { Ok(None) }
    }

    /// The offset that the next event will get: where the stream ends now. It says how far behind
    /// a consumer is. As provided, `None`: the stream can't tell.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn end(&self) -> impl Future<Output = Result<Option<u64>>> + Send {
        async { Ok(None) }
    }

    /// The types that are known so far. There need not be an event of each, and where any type may
    /// appear there may be more tomorrow. As
    /// provided, those that it [declares](Self::event_types), or `None`: it can't tell.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
        async { Ok(Some(self.event_types().await?).filter(|types| !types.is_any())) }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: EventStream> EventStream for Arc<S> {
    type Cursor = S::Cursor;

    fn application(&self) -> &Identity {
        S::application(self)
    }

    fn event_types(&self) -> impl Future<Output = Result<EventTypes>> + Send {
        S::event_types(self)
    }

    fn open(
        &self,
        offset: u64,
        types: EventTypes,
    ) -> impl Future<Output = Result<Self::Cursor>> + Send {
        S::open(self, offset, types)
    }

    fn incarnation(&self) -> impl Future<Output = Result<Option<Incarnation>>> + Send {
        S::incarnation(self)
    }

    fn end(&self) -> impl Future<Output = Result<Option<u64>>> + Send {
        S::end(self)
    }

    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
        S::known_types(self)
    }
}
