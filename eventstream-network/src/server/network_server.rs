use std::{fmt, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use super::{
    NetworkServerBuilder, ServeError, handshake::Plain, listen::Listening, shared::Shared,
    tls::Encrypted,
};

/// Serves the streams of any number of applications over gRPC, on one port: by our own protocol
/// `eventstream.v1`, by protocol A (`dogma.interop.v1.eventstream.StreamAPI`) and by protocol B
/// (`dogma.messaging.v1.EventStream`); with health and reflection (`v1`, and the same as `v1alpha`).
///
/// # Open streams
///
/// A stream that declares no types may carry any. By the protocols A and B, `EventTypes` answers with
/// an empty list for it, and `Consume` refuses no type: events of a type come as soon as there are
/// any. All types at once can be had by our own protocol only.
///
/// # Streams that end
///
/// A stream of events ends by an error only: `OUT_OF_RANGE` if it was truncated, `UNAVAILABLE` if the
/// server is going away. The details say which and where: `eventstream.v1.Truncated` and
/// `eventstream.v1.StreamEnded`, also by the protocols A and B, whose clients may ignore them.
///
/// # Examples
///
/// ```
/// use eventstream_core::Identity;
/// use eventstream_memory::MemoryStream;
/// use eventstream_network::NetworkServer;
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let server = NetworkServer::builder().host(MemoryStream::new(shop)).build()?;
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// println!("listening on {}", listener.local_addr()?);
/// # let until = async {};
/// server.serve(listener, until).await?; // `until` it is time to stop.
/// # Ok(())
/// # }
/// ```
#[must_use = "a server does nothing until `serve` is called"]
pub struct NetworkServer {
    shared: Arc<Shared>,
    encrypted: Option<Encrypted>,
    /// What is missing for others to be let near.
    missing: Option<&'static str>,
    notice: Duration,
    timeout: Duration,
}

impl NetworkServer {
    /// Builds a server.
    pub fn builder() -> NetworkServerBuilder {
        NetworkServerBuilder::new()
    }

    pub(super) fn new(
        shared: Shared,
        encrypted: Option<Encrypted>,
        missing: Option<&'static str>,
    ) -> Self {
        let timeout = Duration::from_secs(10);
        let shared = Arc::new(shared);
        Self { shared, encrypted, missing, notice: Duration::ZERO, timeout }
    }

    /// For how long the server goes on as before after it was told to stop, so that those who ask for
    /// its health have time to learn that it will. None if not set.
    pub fn drain_notice(self, notice: Duration) -> Self {
        Self { notice, ..self }
    }

    /// How long calls that are under way may take to end, once streams were told to. 10 seconds if
    /// not set.
    pub fn drain_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Whether the server may listen there: what [`serve`](Self::serve) asks first, for those who want
    /// to know it before they say that they are ready.
    ///
    /// # Errors
    ///
    /// [`ServeError::Insecure`], as [`serve`](Self::serve) has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_network::{NetworkServer, ServeError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = NetworkServer::builder().build()?;
    /// assert!(server.check_address("127.0.0.1:7440".parse()?).is_ok());
    /// let refused = server.check_address("0.0.0.0:7440".parse()?);
    /// assert!(matches!(refused, Err(ServeError::Insecure { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub fn check_address(&self, address: SocketAddr) -> Result<(), ServeError> {
        match self.missing {
            Some(missing) if !address.ip().is_loopback() => {
                Err(ServeError::Insecure { address, missing })
            }
            _ => Ok(()),
        }
    }

    /// Serves until `shutdown` is ready; then drains: the health service says
    /// `NOT_SERVING`, streams end with `UNAVAILABLE`, calls that are under way may end, and
    /// connections are closed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, all connections are closed at once.
    ///
    /// # Errors
    ///
    /// - [`ServeError::Insecure`] if other machines can reach the listener, and there is not both
    ///   encryption and somebody who asks who they are, unless
    ///   [that was asked for](NetworkServerBuilder::insecure_beyond_loopback).
    /// - [`ServeError::Listen`] if the listener can't be used.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        self.check_address(address)?;
        // All that is left ends with this future.
        let _all = self.shared.drain.connections.clone().drop_guard();
        let drain = &self.shared.drain;
        let until = async {
            shutdown.await;
            drain.announce();
            tokio::time::sleep(self.notice).await;
        };
        let shared = self.shared.clone();
        let ending = match self.encrypted {
            None => Listening::new(listener, Plain, shared).run(until).await,
            Some(encrypted) => Listening::new(listener, encrypted, shared).run(until).await,
        };
        ending.end(self.timeout).await;
        Ok(())
    }
}

impl fmt::Debug for NetworkServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkServer")
            .field("applications", &self.shared.applications())
            .field("protocols", &self.shared.protocols)
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
}
