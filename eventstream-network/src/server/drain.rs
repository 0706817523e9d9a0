use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How a server comes to its end: first it says that it will, then the streams end, then the
/// connections.
pub(super) struct Drain {
    serving: watch::Sender<bool>,
    /// From now on streams end, and what waits is told to come back.
    pub(super) streams: CancellationToken,
    /// From now on nothing is waited for.
    pub(super) connections: CancellationToken,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            serving: watch::Sender::new(true),
            streams: CancellationToken::new(),
            connections: CancellationToken::new(),
        }
    }
}

impl Drain {
    /// The health service says so from now on.
    pub(super) fn announce(&self) {
        self.serving.send_replace(false);
    }

    pub(super) fn serving(&self) -> watch::Receiver<bool> {
        self.serving.subscribe()
    }
}
