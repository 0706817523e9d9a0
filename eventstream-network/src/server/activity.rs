use std::time::Duration;

use tokio::sync::watch;

/// How many calls of a connection are under way.
pub(super) struct Activity(watch::Sender<usize>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// A call, for as long as it is held.
    pub(super) fn begin(&self) -> Active {
        self.0.send_modify(|calls| *calls += 1);
        Active(self.0.clone())
    }

    /// Waits until there was none for some time.
    pub(super) async fn idle_for(&self, time: Duration) {
        let mut calls = self.0.subscribe();
        loop {
            // The sender is held by `self`: it can't be gone.
            let _ = calls.wait_for(|calls| *calls == 0).await;
            if tokio::time::timeout(time, calls.changed()).await.is_err() {
                return;
            }
        }
    }
}

/// A call that is under way.
pub(super) struct Active(watch::Sender<usize>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}
