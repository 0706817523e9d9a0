use std::{fmt, iter};

use super::ledger::Ledger;
use crate::{Apply, Checkpoints, Event, EventTypes, Handler, HandlerError, Identity, Incarnation};

/// Makes effects that have no transaction, such as calls of other services, each **at least once**:
/// the effect first, then the checkpoint. If the process ends between the two, the effect is made
/// again. So let effects be idempotent: hand the [message id](crate::Parcel::message_id) on as the
/// key by which a repetition is known. Where the effect is made in a database, take a handler that
/// keeps its offset in the same transaction instead.
///
/// # Contract
///
/// - The events are handled in order, one at a time: see [`Partitioned`](crate::Partitioned) for
///   more at once. After a batch one checkpoint is stored. If an event fails, the checkpoint of what
///   was done before it is stored, and the error returned.
/// - A checkpoint is stored only if the one before is still there. Of two replicas the one that was
///   overtaken gets [`Conflict`](HandlerError::Conflict), and goes on where the other one is. Its
///   effects up to there have been made twice: replicas don't share the work.
/// - If the effect was made and the checkpoint could not be stored, the effect is not made again in
///   the same process.
/// - A checkpoint that belongs to another [incarnation](Handler::begin) of the stream is an error
///   that names both. What is stored stays as it is.
/// - An event that was parked is handled without regard to checkpoints.
///
/// # Examples
///
/// ```
/// use eventstream_core::{
///     Checkpointed, Consumer, Event, EventStream, HandlerError, MemoryCheckpoints,
/// };
///
/// async fn send_mail(key: &str, text: &[u8]) -> Result<(), std::io::Error> {
///     // The service knows by the key what it has sent already.
/// #   let _ = (key, text);
///     Ok(())
/// }
///
/// fn mails<S: EventStream>(stream: S) -> Consumer<S, impl eventstream_core::Handler> {
///     let send = |_: (), event: Event| async move {
///         send_mail(event.parcel.message_id(), &event.parcel.data()).await?;
///         Ok::<(), HandlerError>(())
///     };
///     // Real ones keep them in a file or a database.
///     let handler = Checkpointed::new(send, MemoryCheckpoints::new());
///     Consumer::new(stream, "order.placed".into(), handler).batch(100)
/// }
/// ```
pub struct Checkpointed<A, C> {
    apply: A,
    ledger: Ledger<C>,
}

impl<A: Apply<()>, C: Checkpoints> Checkpointed<A, C> {
    /// Makes the effects of `apply`, and keeps how far it has come in `checkpoints`.
    pub fn new(apply: A, checkpoints: C) -> Self {
        Self { apply, ledger: Ledger::new(checkpoints) }
    }

    /// The event types that a consumer should ask for: those of what it was made of.
    #[must_use]
    pub fn event_types(&self) -> EventTypes {
        self.apply.event_types()
    }

    async fn handle(
        &mut self,
        offset: u64,
        events: impl Iterator<Item = Event> + Send,
    ) -> Result<(), HandlerError> {
        self.ledger.expect(offset).await?;
        let mut next = offset;
        let mut result = Ok(());
        for event in events {
            let offset = event.offset;
            if !self.ledger.is_handled(offset) {
                result = self.apply.apply((), event).await;
                if result.is_err() {
                    break;
                }
                self.ledger.handled(offset);
            }
            next = offset.saturating_add(1);
        }
        self.ledger.close(next, result).await
    }
}

impl<A: Apply<()>, C: Checkpoints> Handler for Checkpointed<A, C> {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.ledger.begin(source, incarnation).await
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.ledger.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle(offset, iter::once(event)).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.handle(offset, events.into_iter()).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.ledger.skip(offset, next).await
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.ledger.has_begun(source).await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.ledger.begin_at(source, offset).await
    }

    async fn handle_parked(
        &mut self,
        _source: &Identity,
        event: Event,
    ) -> Result<(), HandlerError> {
        self.apply.apply((), event).await
    }
}

impl<A, C: fmt::Debug> fmt::Debug for Checkpointed<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpointed").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
