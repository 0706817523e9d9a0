use std::{fmt, pin::pin, sync::Arc};

use tokio::sync::watch;

use super::status::Shared;
use crate::{ConsumerStopped, Status};

/// Watches a [`Consumer`](crate::Consumer) from any task, and tells it to pause: see
/// [`Consumer::handle`](crate::Consumer::handle).
///
/// # Examples
///
/// Read your own writes: wait until a consumer has handled what was appended.
///
/// ```
/// use eventstream_core::{BoxError, ConsumerHandle, EventStore, Expect, Parcel};
///
/// async fn place<S: EventStore>(
///     store: &S,
///     order: Parcel,
///     projection: &ConsumerHandle,
/// ) -> Result<(), BoxError> {
///     let offsets = store.append(vec![order], Expect::Any).await?;
///     projection.wait_for(offsets.start).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct ConsumerHandle {
    shared: Arc<Shared>,
    /// The last time that there was something new, and whether the consumer has stopped then.
    seen: watch::Receiver<bool>,
}

impl ConsumerHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { seen: shared.subscribe(), shared }
    }

    /// What the consumer is doing now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Waits until there is something new since this was last called: another state, a failure, or a
    /// [heartbeat](crate::Consumer::heartbeat), with which the figures are brought up to date.
    /// Progress alone, which comes with every event, wakes nobody. Returns the status.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is missed.
    ///
    /// # Errors
    ///
    /// [`ConsumerStopped`] if the consumer has stopped, and that was seen before.
    pub async fn changed(&mut self) -> Result<Status, ConsumerStopped> {
        // One value says both: whoever looked at the status would hear too early that it has stopped.
        let has_stopped = *self.seen.borrow();
        if has_stopped && !self.seen.has_changed().unwrap_or(false) {
            return Err(ConsumerStopped);
        }
        self.seen.changed().await.map_err(|_| ConsumerStopped)?;
        Ok(self.status())
    }

    /// Waits until the event at `offset` is done with: handled with all its effects, or filtered
    /// out. (Or parked: to know that, look at [`Status::parked`]. Or it lies below the offset that the
    /// handler was put at.)
    ///
    /// While a consumer backs off or is paused, this waits, too: use a timeout.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`ConsumerStopped`] if the consumer has stopped before it came there.
    ///
    /// # Examples
    ///
    /// See [the type](Self).
    pub async fn wait_for(&self, offset: u64) -> Result<(), ConsumerStopped> {
        let _target = Target::new(&self.shared, offset);
        loop {
            // Hears what happens from now on, also before it is polled.
            let progressed = pin!(self.shared.progressed());
            match self.shared.is_past(offset) {
                Some(true) => return Ok(()),
                None => return Err(ConsumerStopped),
                Some(false) => progressed.await,
            }
        }
    }

    /// Has the consumer stand still: it finishes what it has in hand, closes its cursor, and waits.
    /// A consumer that backs off waits as soon as that is over; one that does not run yet will not
    /// begin. Returns at once: [`ConsumerState::Paused`](crate::ConsumerState::Paused) says when it stands still.
    pub fn pause(&self) {
        self.shared.set_pause(true);
    }

    /// Has a paused consumer go on, where its handler is.
    pub fn resume(&self) {
        self.shared.set_pause(false);
    }
}

impl fmt::Debug for ConsumerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerHandle").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// An offset that is waited for.
struct Target<'a> {
    shared: &'a Shared,
    offset: u64,
}

impl<'a> Target<'a> {
    fn new(shared: &'a Shared, offset: u64) -> Self {
        shared.add_target(offset);
        Self { shared, offset }
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        self.shared.remove_target(self.offset);
    }
}
