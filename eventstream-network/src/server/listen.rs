use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::task::TaskTracker;

use super::{Peer, connection::Connection, handshake::Handshake, shared::Shared};

/// How long to wait before the next try, when nothing can be accepted: as long as all file
/// descriptors are taken, the kernel says so at once, again and again.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts connections.
pub(super) struct Listening<H> {
    listener: TcpListener,
    handshake: Arc<H>,
    shared: Arc<Shared>,
    /// One permit for each connection.
    places: Arc<Semaphore>,
    connections: TaskTracker,
}

impl<H: Handshake> Listening<H> {
    pub(super) fn new(listener: TcpListener, handshake: H, shared: Arc<Shared>) -> Self {
        let places = shared.limits.connections.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            handshake: Arc::new(handshake),
            shared,
            places: Arc::new(Semaphore::new(places)),
            connections: TaskTracker::new(),
        }
    }

    /// Accepts until it is time to stop.
    pub(super) async fn run(self, until: impl Future<Output = ()>) -> Ending {
        {
            let mut until = pin!(until);
            let mut pause = FIRST_PAUSE;
            loop {
                let accepted = tokio::select! {
                    biased;
                    () = &mut until => break,
                    accepted = self.accept() => accepted,
                };
                match accepted {
                    Ok((stream, peer, place)) => {
                        pause = FIRST_PAUSE;
                        self.serve(stream, peer, place);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "can't accept a connection");
                        tokio::select! {
                            () = &mut until => break,
                            () = tokio::time::sleep(pause) => {}
                        }
                        pause = LONGEST_PAUSE.min(pause * 2);
                    }
                }
            }
        }
        // The listener is closed here: who connects now is refused, and may go elsewhere.
        Ending { shared: self.shared, connections: self.connections }
    }

    /// A connection is not accepted before there is a place for it.
    async fn accept(&self) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
        let place = self.places.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, address) = self.listener.accept().await?;
        Ok((stream, Peer { address, certificate: None }, place))
    }

    fn serve(&self, stream: TcpStream, peer: Peer, place: OwnedSemaphorePermit) {
        let (shared, handshake) = (self.shared.clone(), self.handshake.clone());
        self.connections.spawn(async move {
            let address = peer.address;
            if let Err(error) = Connection::new(shared).serve(stream, peer, &*handshake).await {
                let error = &*error as &dyn std::error::Error;
                tracing::debug!(peer = %address, error, "a connection has failed");
            }
            drop(place);
        });
    }
}

/// What is left when no more connections are accepted.
pub(super) struct Ending {
    shared: Arc<Shared>,
    connections: TaskTracker,
}

impl Ending {
    /// Ends the streams, waits for calls that are under way, and closes the connections.
    pub(super) async fn end(self, timeout: Duration) {
        self.shared.drain.streams.cancel();
        self.connections.close();
        if tokio::time::timeout(timeout, self.connections.wait()).await.is_err() {
            tracing::warn!(connections = self.connections.len(), "connections don't end in time");
            self.shared.drain.connections.cancel();
            self.connections.wait().await;
        }
    }
}
