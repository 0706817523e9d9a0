use std::{fmt, hash::Hash, time::Duration};

use super::{
    partitions::{self, Partitions},
    workers::Workers,
};
use crate::{Apply, Checkpoints, Event, EventTypes, handler::ledger::Ledger};

/// Makes effects that have no transaction, such as calls of other services, those of different
/// partitions at the same time and those of one in order, each **at least once**: the effect first,
/// then the checkpoint. If the process ends between the two, the effect is made again. So let
/// effects be idempotent: hand the [message id](crate::Parcel::message_id) on as the key by which a
/// repetition is known.
///
/// It is [`Checkpointed`](crate::Checkpointed), but for what follows.
///
/// # Contract
///
/// - It works on the batches that it is handed: give the consumer a [batch](crate::Consumer::batch)
///   of several times the [concurrency](Self::concurrency). The next batch begins when all of one is
///   done: the slowest partition decides.
/// - Events of one partition are handled in the order of their offsets, one at a time. Which events
///   belong together says a [key](Self::by).
/// - Each event is handled in a task of tokio's runtime, by a clone of what was given to
///   [`new`](Self::new). Clones are used again, for events of any partition: there are as many as
///   events at once. A panic is a failure of the event.
/// - A partition stops at its first event that fails; the others go on to the end of the batch. Then
///   the failure of the event with the lowest offset is returned, and those of others are logged.
/// - The checkpoint is the **low-water mark**: all below it was handled. It is stored at the end of
///   each batch, and during a long one at an [interval](Self::checkpoint_interval).
/// - What was handled past the mark is not handled again when it is handed in again in the same
///   process. After a restart it is: up to a batch. Only that much is remembered.
/// - A replica that is overtaken finishes the events in hand, begins with no other, and gets
///   [`Conflict`](crate::HandlerError::Conflict).
/// - If a call is dropped, its tasks are aborted: they end where they wait next. The next call
///   begins when they have ended.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use eventstream_core::{
///     Consumer, Event, EventStream, Handler, HandlerError, MemoryCheckpoints, Partitioned,
/// };
///
/// async fn call(key: &str, data: &[u8]) -> Result<(), std::io::Error> {
///     // The service knows by the key what it has done already.
/// #   let _ = (key, data);
///     Ok(())
/// }
///
/// fn calls<S: EventStream>(stream: S) -> Consumer<S, impl Handler> {
///     let make = |_: (), event: Event| async move {
///         call(event.parcel.message_id(), &event.parcel.data()).await?;
///         Ok::<(), HandlerError>(())
///     };
///     let handler = Partitioned::new(make, MemoryCheckpoints::new())
///         .concurrency(32)
///         .by(|event: &Event| event.parcel.attribute("customer").map(str::to_owned))
///         .checkpoint_interval(Duration::from_secs(5));
///     Consumer::new(stream, "order.placed".into(), handler).batch(500)
/// }
/// ```
pub struct Partitioned<A, C> {
    pub(super) workers: Workers<A>,
    pub(super) ledger: Ledger<C>,
    pub(super) partitions: Partitions,
    pub(super) concurrency: usize,
    pub(super) interval: Duration,
}

impl<A: Apply<()> + Clone + 'static, C: Checkpoints> Partitioned<A, C> {
    /// Makes the effects of `apply`, and keeps how far it has come in `checkpoints`.
    ///
    /// What clones of `apply` share they use at the same time. It is itself only cloned.
    pub fn new(apply: A, checkpoints: C) -> Self {
        Self {
            workers: Workers::new(apply),
            ledger: Ledger::new(checkpoints),
            partitions: partitions::by_instance(),
            concurrency: 16,
            interval: Duration::from_secs(1),
        }
    }

    /// How many events are handled at once, at most. Default: 16. 0 is taken as 1.
    #[must_use]
    pub fn concurrency(mut self, max: usize) -> Self {
        self.concurrency = max.max(1);
        self
    }

    /// The key of an event's partition. Default: the key of the handler that recorded the event,
    /// and its instance; events that no handler recorded are a partition of their own.
    ///
    /// It is asked for each event of a batch before any is handled, and must say the same each
    /// time. Keys are compared, so a bad hash costs time, but no order and no concurrency.
    #[must_use]
    pub fn by<K: Eq + Hash>(mut self, key: impl Fn(&Event) -> K + Send + 'static) -> Self {
        self.partitions = partitions::by_key(key);
        self
    }

    /// The least time between two checkpoints while a batch is handled. Default: 1 second.
    ///
    /// Only what lies above the checkpoint is handled again after the process has ended: so it is
    /// about as much as was done in this time, if no event is much slower than the others. Zero
    /// stores one whenever the low-water mark moves. The end of a batch is stored at once in any
    /// case.
    #[must_use]
    pub fn checkpoint_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// The event types that a consumer should ask for: those of what it was made of.
    #[must_use]
    pub fn event_types(&self) -> EventTypes {
        self.workers.apply().event_types()
    }
}

impl<A, C: fmt::Debug> fmt::Debug for Partitioned<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partitioned")
            .field("ledger", &self.ledger)
            .field("concurrency", &self.concurrency)
            .field("checkpoint_interval", &self.interval)
            .finish_non_exhaustive()
    }
}
