//! What a consumer can be told to do.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::{Backoff, Consumer, EventStream, Handler, Poison, StartAt};

impl<S: EventStream, H: Handler> Consumer<S, H> {
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
        self.settings.semaphore = Some(semaphore);
        self
    }

    /// How long to wait after a failure. Default:
    /// [`ExponentialBackoff`](crate::ExponentialBackoff).
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
        self.settings.backoff = Box::new(backoff);
        self
    }

    /// Hands on up to `max` events at once, by [`Handler::handle_batch`]. Default: 1, which is one
    /// by one, by [`Handler::handle_event`]. 0 is taken as 1.
    ///
    /// A batch is what is at hand: the consumer waits for it to fill up only if it is to
    /// [linger](Self::linger). If an event in it fails the checks, those before it are handed on
    /// first.
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
        self.settings.batch = max.max(1);
        self
    }

    /// How long a [batch](Self::batch) that is not full waits for more events. Default: not at all.
    ///
    /// When the time is over, what is there is handed on. For handlers to whom a full batch is worth
    /// the wait. A consumer that is cancelled meanwhile leaves the events of the batch to the next
    /// start.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventstream_core::{Consumer, EventStream, Handler};
    ///
    /// fn in_large_batches<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.batch(5_000).linger(Duration::from_millis(200))
    /// }
    /// ```
    pub fn linger(mut self, linger: Duration) -> Self {
        self.settings.linger = linger;
        self
    }

    /// What becomes of an event that the handler fails with. Default: [`Poison::retry_forever`].
    ///
    /// # Examples
    ///
    /// See [`Poison`].
    pub fn poison(mut self, policy: Poison) -> Self {
        self.settings.poison = policy;
        self
    }

    /// Where to begin with the stream, if the handler has not begun with it. Default: at offset 0.
    ///
    /// The position is taken once, and stored by [`Handler::begin_at`]; after that the handler's
    /// offset counts. A handler that can't store it fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, Handler, StartAt};
    ///
    /// fn only_what_comes<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.start(StartAt::Now)
    /// }
    /// ```
    pub fn start(mut self, at: StartAt) -> Self {
        self.settings.start = Some(at);
        self
    }

    /// The consumer's name, in its spans and metrics. Default: none.
    ///
    /// Replicas of a consumer have one name. It should be that by which the handler keeps its offset.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, Handler};
    ///
    /// fn billing<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.name("billing")
    /// }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// How often to ask where the stream ends, to bring the [status](crate::Status) and the metrics
    /// up to date, and to look for parked events that are to be replayed. Default: every 5 seconds.
    /// 0 is taken as 1 millisecond.
    ///
    /// A consumer that nobody watches, measures or parks with has no heartbeat.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventstream_core::{Consumer, EventStream, Handler};
    ///
    /// fn calm<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.heartbeat(Duration::from_secs(60))
    /// }
    /// ```
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.settings.heartbeat = interval.max(Duration::from_millis(1));
        self
    }

    /// Records metrics, for whichever recorder of the `metrics` crate is installed when the consumer
    /// runs.
    ///
    /// - The counter `messaging.client.consumed.messages`: events that were handed to the handler.
    /// - The histogram `messaging.process.duration`: seconds that the handler has had an event, or a
    ///   batch.
    /// - The gauges `eventstream.consumer.lag.events` and `eventstream.consumer.lag.seconds`, as in
    ///   the [status](crate::Status) at each [heartbeat](Self::heartbeat), NaN while unknown; and
    ///   `eventstream.consumer.parked`.
    /// - The counter `eventstream.consumer.failures`: failures after which it backed off, or parked an
    ///   event.
    ///
    /// The names are those of OpenTelemetry's messaging conventions, where they have one. The labels
    /// are `messaging.system`, `messaging.operation.name`, `messaging.destination.name` (the
    /// application's name), `messaging.consumer.group.name` (the consumer's [name](Self::name)) and
    /// `error.type` (`stream` or `handler`): never anything that an event says.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Consumer, EventStream, Handler};
    ///
    /// fn billing<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
    ///     consumer.name("billing").measured()
    /// }
    /// ```
    #[cfg(feature = "metrics")]
    pub fn measured(mut self) -> Self {
        self.settings.measured = true;
        self
    }

    /// The least time between two calls of [`Handler::skip`]. Default: 1 second.
    ///
    /// The first call comes as soon as the cursor has nothing to deliver and lies past the
    /// handler's offset; later ones when the interval is over. A cursor that is woken again and
    /// again without getting on is looked at more and more rarely, down to every five minutes,
    /// because a look drops the call that it is in.
    ///
    /// These looks also tell the [status](crate::Status) how far the cursor has come over events that
    /// are filtered out: with a longer interval its position, and the lag, are that much older at the
    /// end of the stream.
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
        self.settings.skip_interval = interval;
        self
    }
}
