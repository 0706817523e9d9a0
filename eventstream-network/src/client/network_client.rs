use std::{fmt, sync::Arc};

use eventstream_core::{Identity, Result};

use super::{
    ApplicationInfo, NetworkClientBuilder, NetworkStore, NetworkStream, Protocol, channel::Channel,
};

/// A connection to a server, which is made again when it is lost. Cheap to clone.
///
/// What is made of it shares the connection. Cursors are in nobody's way, but a server takes only so
/// many calls of one connection at a time.
///
/// # Examples
///
/// ```
/// use eventstream_network::NetworkClient;
/// # use eventstream_core::Identity;
/// # use eventstream_memory::MemoryStream;
/// # use eventstream_network::NetworkServer;
/// # use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let endpoint = format!("http://{}", listener.local_addr()?);
/// # let server = NetworkServer::builder().host(MemoryStream::new(shop)).build()?;
/// # let serving = tokio::spawn(server.serve(listener, std::future::pending()));
/// let client = NetworkClient::connect(&endpoint).await?; // Such as http://127.0.0.1:7000
/// let applications = client.applications().await?;
/// for application in &applications {
///     println!("{application}: {:?}", client.describe(&application.key).await?.next_offset);
/// }
/// # assert_eq!(applications.len(), 1);
/// # serving.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NetworkClient(Arc<Channel>);

impl NetworkClient {
    /// Connects to a server: `https://host:port`, or `http://host:port`.
    pub fn connect(endpoint: &str) -> NetworkClientBuilder {
        NetworkClientBuilder::new(endpoint)
    }

    pub(super) fn new(channel: Arc<Channel>) -> Self {
        Self(channel)
    }

    /// The stream of an application. It is not asked for before it is used.
    pub fn stream(&self, application: Identity) -> NetworkStream {
        NetworkStream::new(self.0.clone(), application)
    }

    /// The store of an application, if the server speaks our own protocol and has one. It is not
    /// asked for before it is used.
    #[must_use]
    pub fn store(&self, application: Identity) -> NetworkStore {
        NetworkStore::new(self.0.clone(), application)
    }

    /// The protocols that the server speaks, the best one first.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if the server can't be asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_network::{NetworkClient, Protocol};
    /// # use eventstream_network::{NetworkServer, Protocols};
    /// # use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let endpoint = format!("http://{}", listener.local_addr()?);
    /// # let server = NetworkServer::builder().protocols(Protocols::none().with_b()).build()?;
    /// # let serving = tokio::spawn(server.serve(listener, std::future::pending()));
    /// let client = NetworkClient::connect(&endpoint).await?; // Of a server that speaks B only.
    /// assert_eq!(client.protocols().await?, [Protocol::B]);
    /// # serving.abort();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn protocols(&self) -> Result<Vec<Protocol>> {
        self.0.protocols().await.map_err(self.0.failed("ask"))
    }

    /// The applications that the server hosts, by our own protocol.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if they can't be had.
    pub async fn applications(&self) -> Result<Vec<Identity>> {
        self.0.applications().await.map_err(self.0.failed("list"))
    }

    /// What the server says of an application, by our own protocol.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be had.
    pub async fn describe(&self, application_key: &str) -> Result<ApplicationInfo> {
        self.0.describe(application_key).await.map_err(self.0.failed("describe"))
    }
}

impl fmt::Debug for NetworkClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NetworkClient").field(&self.0.endpoint).finish()
    }
}
