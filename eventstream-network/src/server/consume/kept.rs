use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::producer::Producer;
use crate::grpc::Status;

/// A producer, which lets go of its cursor if what it has made is not taken for long.
///
/// A cursor may have read megabytes ahead. Nobody asks for the body of a client that does not read,
/// so the producer can't see to that by itself.
pub(super) struct Kept(Arc<Mutex<Slot>>);

struct Slot {
    /// Between two pieces.
    producer: Option<Producer>,
    since: Instant,
}

impl Kept {
    pub(super) fn new(producer: Producer, unread_timeout: Duration) -> Self {
        let slot = Slot { producer: Some(producer), since: Instant::now() };
        let slot = Arc::new(Mutex::new(slot));
        tokio::spawn(watch(Arc::downgrade(&slot), unread_timeout));
        Self(slot)
    }

    pub(super) async fn piece(&mut self) -> Option<Result<Bytes, Status>> {
        let mut producer = lock(&self.0).producer.take()?;
        let piece = producer.piece().await;
        *lock(&self.0) = Slot { producer: Some(producer), since: Instant::now() };
        Some(piece)
    }
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends after the stream.
async fn watch(slot: Weak<Mutex<Slot>>, unread_timeout: Duration) {
    loop {
        sleep(unread_timeout).await;
        let Some(slot) = slot.upgrade() else { return };
        let mut slot = lock(&slot);
        if slot.since.elapsed() >= unread_timeout
            && let Some(producer) = &mut slot.producer
        {
            producer.let_go();
        }
    }
}
