use std::fmt;

use super::{ErasedParkedEvents, ParkedEvents};

/// What becomes of an event that its handler fails with: see
/// [`Consumer::poison`](crate::Consumer::poison).
///
/// Only failures to handle that one event are counted. A handler whose offset can't be read, and a
/// stream that fails, are waited for, for ever.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Consumer, EventStream, Handler, ParkedEvents, Poison};
///
/// fn patient<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
///     consumer.poison(Poison::retry_forever()) // As it is without.
/// }
///
/// fn strict<S: EventStream, H: Handler>(consumer: Consumer<S, H>) -> Consumer<S, H> {
///     consumer.poison(Poison::stop_after(5))
/// }
///
/// fn tolerant<S: EventStream, H: Handler>(
///     consumer: Consumer<S, H>,
///     parked: impl ParkedEvents,
/// ) -> Consumer<S, H> {
///     consumer.poison(Poison::park_after(3, parked))
/// }
/// ```
#[must_use]
pub struct Poison(pub(crate) Policy);

pub(crate) enum Policy {
    Retry,
    Stop { after: u32 },
    Park { after: u32, store: Box<dyn ErasedParkedEvents> },
}

impl Poison {
    /// The event is tried again until it can be handled, also one that the handler
    /// [rejects](crate::HandlerError::Reject). No other event is handled meanwhile.
    pub fn retry_forever() -> Self {
        Self(Policy::Retry)
    }

    /// After `attempts` failures, or as soon as the handler [rejects](crate::HandlerError::Reject)
    /// it, the consumer ends with [`Error::Poisoned`](crate::Error::Poisoned). 0 is taken as 1.
    ///
    /// The attempts are counted in memory: whoever starts the consumer again gives the event as many
    /// anew.
    pub fn stop_after(attempts: u32) -> Self {
        Self(Policy::Stop { after: attempts.max(1) })
    }

    /// After `attempts` failures, or as soon as the handler [rejects](crate::HandlerError::Reject)
    /// it, the event is parked in a store, and the consumer goes on with the next one. 0 is taken
    /// as 1.
    ///
    /// The attempts are kept in the store, so they survive a restart. What is parked is told by
    /// [`Status::parked`](crate::Status::parked). When it is
    /// [replayed](ParkedEvents::replay), the consumer hands it to
    /// [`Handler::handle_parked`](crate::Handler::handle_parked), out of turn; it looks for such
    /// events at each [heartbeat](crate::Consumer::heartbeat).
    ///
    /// Order is lost for what is parked: later events are handled without it. And a handler that
    /// can't handle anything for a while, since what it needs is away, gets all its events parked,
    /// each after `attempts` tries; the backoff between them goes on growing until one is handled.
    pub fn park_after(attempts: u32, store: impl ParkedEvents) -> Self {
        Self(Policy::Park { after: attempts.max(1), store: Box::new(store) })
    }
}

/// [`retry_forever`](Poison::retry_forever).
impl Default for Poison {
    fn default() -> Self {
        Self::retry_forever()
    }
}

impl fmt::Debug for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Policy::Retry => f.write_str("Poison::retry_forever()"),
            Policy::Stop { after } => write!(f, "Poison::stop_after({after})"),
            Policy::Park { after, .. } => write!(f, "Poison::park_after({after}, ..)"),
        }
    }
}
