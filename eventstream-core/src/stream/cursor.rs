use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::{CloseHandle, Event, Result};

/// Reads the events of a stream, in order, through its history and on into what is appended.
///
/// # Contract
///
/// Every rule names the case of `eventstream-streamtest` that proves it.
///
/// - Events come in the order of their offsets, each once, none left out.
///   (`next::delivers_in_order`, `next::delivers_each_event_once`, `model::random_operations`)
/// - Only events of the types asked for come; the others are passed over.
///   [`EventTypes::any`](crate::EventTypes::any) asks for all. (`next::delivers_only_the_types_asked_for`)
/// - An event comes as it was appended: unknown fields, an empty payload and a large one
///   included. (`payload::unknown_fields_are_kept`, `payload::empty`, `payload::one_mebibyte`)
/// - At the end of the stream `next` waits, and an append wakes it.
///   (`next::waits_when_nothing_is_there`, `next::wakes_on_append`,
///   `next::never_misses_a_wake_up`)
/// - An event that was delivered is not delivered again when the next one arrives, whether or not
///   one that is filtered out stands before it. (`next::delivers_each_event_once`,
///   `next::does_not_repeat_after_a_filtered_event`)
/// - [`next_batch`](Self::next_batch) waits for one event, then adds what is at hand, `max` in
///   all; it may add fewer than are there, but never more than `max`, and with a `max` of 0 it
///   returns at once and adds nothing. What `buf` held before stays.
///   (`batch::waits_for_the_first`, `batch::adds_what_is_at_hand`, `batch::never_exceeds_max`,
///   `batch::max_zero_returns_at_once`, `batch::keeps_what_the_buffer_held`)
/// - `next` and `next_batch` may be mixed as one likes. (`batch::mixes_with_next`)
/// - An error comes alone: a call that adds events to `buf` succeeds. An error consumes nothing:
///   the next call says the same, or tries again. (`truncation::is_said_again`)
/// - [`position`](Self::position) is the offset of the next event that the cursor will look at:
///   everything below it was delivered or filtered out. At first it is the offset that the cursor
///   was opened at, or further on over what is filtered out; it moves on while nothing matches, too.
///   (`position::follows_the_events`, `position::moves_over_filtered_events`)
/// - Closing wakes a pending call, and from then on every call says
///   [`Error::CursorClosed`](crate::Error::CursorClosed), also if events are waiting.
///   (`close::before_next`, `close::wakes_a_pending_next`, `close::wins_over_waiting_events`,
///   `close::twice_is_an_error`, `close::is_for_one_cursor`)
/// - A cursor that comes to a truncated part says
///   [`Error::Truncated`](crate::Error::Truncated) with its position and the oldest offset that is
///   there. What it has read ahead it may still deliver: a bounded number of events.
///   (`truncation::overtakes_a_cursor`, `truncation::spares_a_cursor_ahead_of_it`)
///
/// # Cancel safety
///
/// `next` and `next_batch` can be dropped while they are pending, and nothing is lost or repeated:
/// state lives in the cursor, never in the future. (`cancel::dropping_next_loses_nothing`,
/// `cancel::dropping_next_batch_loses_nothing`, `cancel::a_timeout_loses_nothing`)
///
/// For those who implement a cursor, that means: take nothing out of a field before an `.await`
/// that you put back after it.
///
/// ```
/// # use std::collections::VecDeque;
/// # use eventstream_core::{Event, Result};
/// # struct Source;
/// # impl Source { async fn fetch(&mut self) -> Result<Vec<Event>> { Ok(Vec::new()) } }
/// struct Reader { source: Source, ready: VecDeque<Event> }
///
/// impl Reader {
///     async fn wrong(&mut self) -> Result<Option<Event>> {
///         let mut ready = std::mem::take(&mut self.ready); // in the future now …
///         ready.extend(self.source.fetch().await?);        // … and gone if it is dropped here
///         let event = ready.pop_front();
///         self.ready = ready;
///         Ok(event)
///     }
///
///     async fn right(&mut self) -> Result<Option<Event>> {
///         if self.ready.is_empty() {
///             let fetched = self.source.fetch().await?;
///             self.ready.extend(fetched);
///         }
///         Ok(self.ready.pop_front())
///     }
/// }
/// ```
///
/// # Waking up
///
/// Register for the wake-up before you look. What is appended after the look wakes only those who
/// have registered by then: a cursor that looks first misses an append that comes in between, and
/// waits with an event in front of it until the next one.
///
/// ```
/// # use std::sync::Mutex;
/// # use eventstream_core::{CloseHandle, Event, Result};
/// # use tokio::sync::Notify;
/// # struct Log { events: Mutex<Vec<Event>>, appended: Notify } // Uses `notify_waiters`.
/// # struct Reader<'a> { log: &'a Log, position: usize, close: CloseHandle }
/// # impl Reader<'_> {
/// #     fn look(&mut self) -> Option<Event> {
/// #         let event = self.log.events.lock().unwrap().get(self.position).cloned();
/// #         self.position += usize::from(event.is_some());
/// #         event
/// #     }
/// # }
/// impl Reader<'_> {
///     async fn wrong(&mut self) -> Result<Event> {
///         loop {
///             self.close.check()?;
///             if let Some(event) = self.look() {
///                 return Ok(event);
///             }
///             // An append that comes here wakes nobody …
///             let appended = self.log.appended.notified();
///             self.close.guard(async { Ok(appended.await) }).await?; // … and this waits on.
///         }
///     }
///
///     async fn right(&mut self) -> Result<Event> {
///         loop {
///             let appended = self.log.appended.notified(); // Hears `notify_waiters` from now on.
///             self.close.check()?;
///             if let Some(event) = self.look() {
///                 return Ok(event);
///             }
///             self.close.guard(async { Ok(appended.await) }).await?;
///         }
///     }
/// }
/// ```
///
/// # Errors
///
/// [`next`](Self::next) and [`next_batch`](Self::next_batch) say:
///
/// - [`Error::CursorClosed`](crate::Error::CursorClosed) once the cursor is closed.
/// - [`Error::Truncated`](crate::Error::Truncated) if the next event is gone.
/// - [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope) if what was read is no envelope.
/// - [`Error::Backend`](crate::Error::Backend) if what the stream stands on fails; it is retryable
///   if the connection, the server or the file may come back.
pub trait Cursor: Send + 'static {
    /// Waits for the next event of the types asked for.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost.
    ///
    /// # Errors
    ///
    /// See [the trait](Self#errors).
    fn next(&mut self) -> impl Future<Output = Result<Event>> + Send;

    /// Waits for one event, then adds to `buf` what is at hand, `max` events in all; returns how
    /// many it added.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost, and nothing was added to `buf`.
    ///
    /// # Errors
    ///
    /// See [the trait](Self#errors). After an error nothing was added to `buf`.
    fn next_batch(
        &mut self,
        buf: &mut Vec<Event>,
        max: usize,
    ) -> impl Future<Output = Result<usize>> + Send {
        async move {
            if max == 0 {
                return Ok(0);
            }
            buf.push(self.next().await?);
            let mut added = 1;
            while added < max {
                // An error is left for the next call, which will find it again.
                let Some(Ok(event)) = poll_once(self.next()) else {
                    break;
                };
                buf.push(event);
                added += 1;
            }
            Ok(added)
        }
    }

    /// The offset of the next event that this cursor will look at: everything below it was
    /// delivered or filtered out.
    fn position(&self) -> u64;

    /// A handle that closes this cursor from any task.
    fn close_handle(&self) -> CloseHandle;
}

/// What a future has to say at once. It is dropped, so it has to be cancel safe.
fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
