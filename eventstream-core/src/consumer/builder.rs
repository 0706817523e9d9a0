use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span};

use super::run::Run;
use crate::{Backoff, EventStream, EventTypes, ExponentialBackoff, Finish, Handler, Result};

/// Drives a [`Handler`] with the events of a stream, and starts again whenever something fails.
///
/// # Contract
///
/// [`run`](Self::run) goes in rounds:
///
/// 1. It asks the stream for its event types. Relevant are those that are wanted and produced. If
///    there are none, it ends with [`Finish::NoRelevantEventTypes`].
/// 2. It asks the handler for its offset, and opens the stream there.
/// 3. It reads an event, or a [batch](Self::batch), and checks it: the offset is not below the one
///    expected, and the source application's key is that of the stream's application. It takes a
///    permit of the [semaphore](Self::semaphore), and calls the handler with the handler's offset.
///    The next expected offset is that of the event, plus one.
/// 4. When anything fails, it logs that, closes the cursor, waits for the [backoff](Self::backoff),
///    and begins a new round.
/// 5. When it is cancelled, it finishes what the handler has in hand, and ends with
///    [`Finish::Cancelled`].
///
/// A failure never ends it: not one of the stream, whether or not it is
/// [retryable](crate::Error::is_retryable), and not one of the handler. An event that the handler
/// fails with is tried again for ever, also one that it [rejects](crate::HandlerError::Reject).
///
/// [`HandlerError::Conflict`](crate::HandlerError::Conflict), from whichever method of the handler,
/// is no failure: a new round begins at once.
///
/// ## How failures are counted
///
/// The backoff gets the number of failures in a row. If the last one was the stream's, the count
/// falls back to zero when an event arrives that passes the checks. If it was the handler's, that
/// takes an event that the handler has handled, or events that it has skipped. A handler that got
/// through a part of a batch before it failed has handled an event.
///
/// ## Progress over events that are filtered out
///
/// While the cursor has nothing to deliver, at the end of the stream above all, the consumer looks
/// at the cursor's [position](crate::Cursor::position). If it lies past the handler's offset, the
/// consumer calls [`Handler::skip`], so that a restart does not look through the same events again.
/// It does so at most once per [interval](Self::skip_interval). With nothing to skip it sleeps: it
/// sets no timer.
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
    pub(super) stream: S,
    pub(super) event_types: EventTypes,
    pub(super) handler: H,
    pub(super) semaphore: Option<Arc<Semaphore>>,
    pub(super) backoff: Box<dyn Backoff>,
    pub(super) batch: usize,
    pub(super) skip_interval: Duration,
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
            event_types,
            handler,
            semaphore: None,
            backoff: Box::new(ExponentialBackoff::new()),
            batch: 1,
            skip_interval: Duration::from_secs(1),
        }
    }

    /// Limits how many calls of handlers are under way at once, over all consumers that share the
    /// semaphore. Default: no limit.
    ///
    /// Each call of [`handle_event`](Handler::handle_event), [`handle_batch`](Handler::handle_batch)
    /// and [`skip`](Handler::skip) takes one permit, and gives it back when it is done. No permit
    /// is held while waiting for events.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use eventstream_core::{Consumer, EventStream, EventTypes, Handler};
    /// use tokio::sync::Semaphore;
    ///
    /// /// Two consumers, one connection to the database.
    /// fn pair<S: EventStream, H: Handler>(a: (S, H), b: (S, H)) -> [Consumer<S, H>; 2] {
    ///     let one = Arc::new(Semaphore::new(1));
    ///     [a, b].map(|(stream, handler)| {
    ///         Consumer::new(stream, EventTypes::any(), handler).semaphore(one.clone())
    ///     })
    /// }
    /// ```
    pub fn semaphore(mut self, semaphore: Arc<Semaphore>) -> Self {
        self.semaphore = Some(semaphore);
        self
    }

    /// How long to wait after a failure. Default: [`ExponentialBackoff`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventstream_core::{Consumer, EventStream, ExponentialBackoff, Handler};
    ///
    /// fn patient<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.backoff(ExponentialBackoff::new().cap(Duration::from_secs(600)))
    /// }
    ///
    /// fn steady<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.backoff(|_failures| Duration::from_secs(1))
    /// }
    /// ```
    pub fn backoff(mut self, backoff: impl Backoff + 'static) -> Self {
        self.backoff = Box::new(backoff);
        self
    }

    /// Hands on up to `max` events at once, by [`Handler::handle_batch`]. Default: 1, which is one
    /// by one, by [`Handler::handle_event`]. 0 is taken as 1.
    ///
    /// A batch is what is at hand: the consumer never waits for it to fill up. If an event in it
    /// fails the checks, those before it are handed on first.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, Handler};
    ///
    /// fn in_batches<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.batch(500)
    /// }
    /// ```
    pub fn batch(mut self, max: usize) -> Self {
        self.batch = max.max(1);
        self
    }

    /// The least time between two calls of [`Handler::skip`]. Default: 1 second.
    ///
    /// The first call comes as soon as the cursor has nothing to deliver and lies past the
    /// handler's offset; later ones when the interval is over. A cursor that is woken again and
    /// again without getting on is looked at more and more rarely, because a look drops the call
    /// that it is in.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventstream_core::{Consumer, EventStream, Handler};
    ///
    /// fn rarely<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.skip_interval(Duration::from_secs(60))
    /// }
    /// ```
    pub fn skip_interval(mut self, interval: Duration) -> Self {
        self.skip_interval = interval;
        self
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
    /// [`Error::Backend`](crate::Error::Backend) if the semaphore is closed. Nothing else ends it
    /// with an error.
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
        let application = self.stream.application();
        let span = info_span!(
            "consumer",
            application.name = application.name,
            application.key = application.key,
        );
        Run::new(self, &cancel).drive().instrument(span).await
    }
}

impl<S: EventStream, H> fmt::Debug for Consumer<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("application", self.stream.application())
            .field("event_types", &self.event_types)
            .field("batch", &self.batch)
            .field("skip_interval", &self.skip_interval)
            .finish_non_exhaustive()
    }
}
