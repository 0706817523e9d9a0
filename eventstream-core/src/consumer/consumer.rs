use std::{fmt, sync::Arc};

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    monitor,
    run::Run,
    settings::Settings,
    status::Shared,
    telemetry::{Meters, consumer_span},
};
use crate::{
    ConsumerHandle, ConsumerState, EventStream, EventTypes, Finish, Handler, Result, parked::Policy,
};

/// Drives a [`Handler`] with the events of a stream, and starts again whenever something fails.
///
/// # Contract
///
/// [`run`](Self::run) goes in rounds:
///
/// 1. It asks the stream for its event types. Relevant are those that are wanted and produced. If
///    there are none, it ends with [`Finish::NoRelevantEventTypes`].
/// 2. It asks the handler for its offset, and opens the stream there.
///    [`start`](Self::start) says where to begin with a stream for the first time.
/// 3. It reads an event, or a [batch](Self::batch), and checks it: the offset is not below the one
///    expected, and the source application's key is that of the stream's application. It takes a
///    permit of the [semaphore](Self::semaphore), and calls the handler with the handler's offset.
///    The next expected offset is that of the event, plus one.
/// 4. When anything fails, it logs that, closes the cursor, waits for the [backoff](Self::backoff),
///    and begins a new round.
/// 5. When it is cancelled, it finishes what the handler has in hand, and ends with
///    [`Finish::Cancelled`].
///
/// A failure of the stream never ends it, whether or not it is
/// [retryable](crate::Error::is_retryable). What becomes of an event that the handler fails with is
/// for the [policy](Self::poison) to say: without one, it is tried again for ever, also one that the
/// handler [rejects](crate::HandlerError::Reject).
///
/// [`HandlerError::Conflict`](crate::HandlerError::Conflict), from whichever method of the handler,
/// is no failure: a new round begins at once. Only a handler that goes on saying so at the offset
/// that it names itself is taken to fail.
///
/// ## When a batch fails
///
/// One of its events is at fault. So after the backoff they are read again, and handled one by one:
/// that event is the one that fails now, and those before it are handled.
///
/// ## How failures are counted
///
/// The backoff gets the number of failures in a row. If the last one was the stream's, the count
/// falls back to zero when an event arrives that passes the checks. If it was the handler's, that
/// takes an event that the handler has handled, or events that it has skipped. A handler that got
/// through a part of a batch before it failed has handled an event. That an event was parked is no
/// sign that the handler works.
///
/// ## Progress over events that are filtered out
///
/// While the cursor has nothing to deliver, at the end of the stream above all, the consumer looks
/// at the cursor's [position](crate::Cursor::position). If it lies past the handler's offset, the
/// consumer calls [`Handler::skip`], so that a restart does not look through the same events again.
/// It does so at most once per [interval](Self::skip_interval), and more often only while somebody
/// [waits](ConsumerHandle::wait_for) for it to get on. With nothing to skip it sleeps.
///
/// ## What it tells
///
/// - A [handle](Self::handle) has its [status](crate::Status), and can pause it.
/// - Spans of `tracing`: `consumer`, as long as it runs, and for each call of the handler
///   `handle_event`, `handle_batch` or `skip`, at level debug. With the feature `opentelemetry` the
///   span of an event is linked to the one that the event's attribute `traceparent` names, for
///   subscribers of `tracing-opentelemetry` 0.34.
/// - With the feature `metrics`, a consumer that is [measured](Self::measured) records metrics by the
///   names of OpenTelemetry's messaging conventions.
///
/// # Examples
///
/// ```
/// # use std::future::{Future, pending};
/// use eventstream_core::{Consumer, Finish, Handler, HandlerError};
/// # use eventstream_core::{CloseHandle, Cursor, Envelope, Event, EventStream, EventTypes};
/// # use eventstream_core::{Identity, Parcel, Result};
/// use tokio_util::sync::CancellationToken;
/// # struct Orders { shop: Identity }
/// # struct Reader { next: u64, shop: Identity, close: CloseHandle }
/// # impl EventStream for Orders {
/// #     type Cursor = Reader;
/// #     fn application(&self) -> &Identity { &self.shop }
/// #     async fn event_types(&self) -> Result<EventTypes> { Ok("order.placed".into()) }
/// #     async fn open(&self, offset: u64, types: EventTypes) -> Result<Reader> {
/// #         Ok(Reader { next: offset, shop: self.shop.clone(), close: CloseHandle::new() })
/// #     }
/// # }
/// # impl Cursor for Reader {
/// #     async fn next(&mut self) -> Result<Event> {
/// #         if self.next == 3 { return self.close.guard(pending()).await; }
/// #         let envelope = Envelope::new("m", self.shop.clone(), "order.placed", "text/plain");
/// #         self.next += 1;
/// #         Ok(Event::new(self.next - 1, Parcel::seal(envelope)?))
/// #     }
/// #     fn position(&self) -> u64 { self.next }
/// #     fn close_handle(&self) -> CloseHandle { self.close.clone() }
/// # }
///
/// /// Counts orders until there are three.
/// struct Counter { count: u64, next: u64, enough: CancellationToken }
///
/// impl Handler for Counter {
///     async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
///         Ok(self.next)
///     }
///
///     async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
///         if offset != self.next {
///             return Err(HandlerError::Conflict);
///         }
///         self.count += 1;
///         self.next = event.offset + 1;
///         if self.count == 3 {
///             self.enough.cancel();
///         }
///         Ok(())
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// # let stream = Orders { shop: Identity::new("shop", "0b6b8a1e") };
/// let token = CancellationToken::new();
/// let mut handler = Counter { count: 0, next: 0, enough: token.clone() };
/// let finish = Consumer::new(stream, "order.placed".into(), &mut handler).run(token).await?;
///
/// assert_eq!(finish, Finish::Cancelled);
/// assert_eq!(handler.count, 3);
/// # Ok::<(), eventstream_core::Error>(())
/// # }).unwrap();
/// ```
#[must_use = "a consumer does nothing until it is run"]
pub struct Consumer<S, H> {
    stream: S,
    handler: H,
    pub(super) settings: Settings,
    shared: Owned,
}

impl<S: EventStream, H: Handler> Consumer<S, H> {
    /// A consumer that hands events of `event_types` to `handler`, one by one.
    ///
    /// With [`EventTypes::any`] it wants all that the stream carries. To keep the handler, pass
    /// `&mut handler`.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, EventTypes, Handler};
    ///
    /// fn payments<S: EventStream, H: Handler>(stream: S, handler: H) -> Consumer<S, H> {
    ///     let types = EventTypes::from_iter(["order.paid", "order.refunded"]);
    ///     Consumer::new(stream, types, handler)
    /// }
    /// ```
    pub fn new(stream: S, event_types: EventTypes, handler: H) -> Self {
        Self {
            stream,
            handler,
            settings: Settings::new(event_types),
            shared: Owned(Arc::new(Shared::new())),
        }
    }

    /// What watches the consumer, and pauses it, from any task. Take it before the consumer runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, Handler};
    /// use tokio_util::sync::CancellationToken;
    ///
    /// async fn run_and_report<S: EventStream, H: Handler>(consumer: Consumer<S, H>) {
    ///     let mut handle = consumer.handle();
    ///     let report = async {
    ///         while let Ok(status) = handle.changed().await {
    ///             println!("{}, {:?} events behind", status.state, status.lag_events);
    ///         }
    ///     };
    ///     let (ended, ()) = tokio::join!(consumer.run(CancellationToken::new()), report);
    ///     println!("{ended:?}");
    /// }
    /// ```
    #[must_use]
    pub fn handle(&self) -> ConsumerHandle {
        ConsumerHandle::new(self.shared.0.clone())
    }

    /// Consumes until it is cancelled or nothing is left to do.
    ///
    /// The future is `Send`, so it can be spawned if stream and handler are `'static`. It needs a
    /// tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// Cancel the token, and wait for the future: then every call of the handler is finished. If
    /// the future is dropped instead, so is a call that the handler is in.
    ///
    /// # Errors
    ///
    /// - [`Error::Poisoned`](crate::Error::Poisoned) if the [policy](Self::poison) is to stop at an
    ///   event that the handler can't handle.
    /// - [`Error::Backend`](crate::Error::Backend) if the semaphore is closed.
    ///
    /// Nothing else ends it with an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, Finish, Handler, Result};
    /// use tokio_util::sync::CancellationToken;
    ///
    /// async fn until_ctrl_c<S: EventStream, H: Handler>(
    ///     consumer: Consumer<S, H>,
    ///     ctrl_c: impl Future<Output = ()>,
    /// ) -> Result<Finish> {
    ///     let token = CancellationToken::new();
    ///     let run = consumer.run(token.clone());
    ///     tokio::pin!(run);
    ///     tokio::select! {
    ///         ended = &mut run => return ended,
    ///         () = ctrl_c => token.cancel(),
    ///     }
    ///     run.await
    /// }
    /// ```
    pub async fn run(self, cancel: CancellationToken) -> Result<Finish> {
        let Self { stream, mut handler, settings, shared } = self;
        let shared = &*shared.0;
        let application = stream.application();
        let meters = Meters::new(application, &settings);
        let span = consumer_span(application, settings.name.as_deref());
        let parks = matches!(settings.poison.0, Policy::Park { .. });
        let is_watched = shared.is_watched() || settings.measured || parks;
        let run = Run::new(&stream, &mut handler, &settings, shared, &meters, &cancel).drive();
        let run = async {
            tokio::select! {
                biased;
                ended = run => ended,
                never = monitor::watch(&stream, &settings, shared, &meters), if is_watched => match never {},
            }
        };
        // In one piece, so that whatever awaits it stays small.
        Box::pin(run.instrument(span)).await
    }
}

/// What the consumer shares with its handles, which are told that it has stopped when it is dropped:
/// before it was run, while it runs, or when it has ended.
struct Owned(Arc<Shared>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.enter(ConsumerState::Stopped);
    }
}

impl<S: EventStream, H> fmt::Debug for Consumer<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("application", self.stream.application())
            .field("name", &self.settings.name)
            .field("event_types", &self.settings.event_types)
            .field("poison", &self.settings.poison)
            .field("batch", &self.settings.batch)
            .finish_non_exhaustive()
    }
}
