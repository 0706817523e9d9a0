//! The faults of waiting.

use std::{future::pending, sync::atomic::Ordering};

use eventstream_core::{Error, EventRepository, Result};
use tokio::sync::oneshot;

use super::{StoreFault, store::FaultyStore};

impl FaultyStore {
    pub(super) async fn wait(&self, offset: u64) -> Result<u64> {
        let data = &self.inner.data;
        let end = data.end();
        match self.fault {
            Some(StoreFault::WaitsForTheNextCommit) => data.committed().await,
            Some(StoreFault::WaitRefusesTheTruncated) if offset < data.oldest() => {
                return Err(Error::Truncated { requested: offset, oldest: data.oldest() });
            }
            Some(StoreFault::WaitRefusesPastTheEnd) if offset > end => {
                return Err(Error::backend("wait", false, "there is no such offset"));
            }
            Some(StoreFault::WaitReturnsItsOwn) => {
                return self.inner.wait_for(offset).await.map(|_| offset.saturating_add(1));
            }
            Some(StoreFault::WakesForAnyCommit) if offset >= end => {
                data.committed().await;
                return Ok(data.end());
            }
            Some(StoreFault::WakesAtItsOwnOnly) if offset >= end => loop {
                data.committed().await;
                if data.end() == offset.saturating_add(1) {
                    return Ok(data.end());
                }
            },
            Some(StoreFault::WakesOne | StoreFault::WakesInTurn) => {
                while data.end() <= offset {
                    let (sender, receiver) = oneshot::channel();
                    self.shared.waiters.lock().unwrap().push_back(sender);
                    let _ = receiver.await;
                    if self.has(StoreFault::WakesInTurn) {
                        self.wake_first();
                    }
                }
            }
            Some(StoreFault::ListensTooLate) => loop {
                if data.end() > offset {
                    return Ok(data.end());
                }
                // Some work: what is committed meanwhile wakes nobody.
                data.size();
                data.committed().await;
            },
            Some(StoreFault::LosesSomeWakeUps) if offset >= end => {
                let wait = self.shared.waits.fetch_add(1, Ordering::SeqCst) + 1;
                if wait.is_multiple_of(3) {
                    return pending().await;
                }
            }
            Some(StoreFault::WakesBeforeTheCommit) => loop {
                let committed = data.committed();
                let announced = self.shared.announced.load(Ordering::SeqCst).max(data.end());
                if offset < announced {
                    return Ok(announced);
                }
                committed.await;
            },
            Some(StoreFault::OthersAreNotWoken) if self.is_other && offset >= end => {
                return pending().await;
            }
            _ => {}
        }
        self.inner.wait_for(offset).await
    }

    /// Wakes the one who waits longest, gone or not.
    pub(super) fn wake_first(&self) {
        if let Some(sender) = self.shared.waiters.lock().unwrap().pop_front() {
            let _ = sender.send(());
        }
    }
}
