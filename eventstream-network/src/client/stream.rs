use std::{fmt, sync::Arc, time::Duration};

use eventstream_core::{Backoff, EventStream, EventTypes, Identity, Incarnation, Result};

use super::{
    NetworkClient, NetworkCursor, Protocol, call_error::CallError, channel::Channel,
    describe::Description, open::Opener, options::StreamOptions,
};

/// The stream of an application that a server hosts. Cheap to clone.
///
/// # Protocols
///
/// It speaks the best protocol that the server does: ours, then A, then B, found out once for each
/// connection. Ours carries everything. By A and B:
///
/// - [`end`](EventStream::end) and [`incarnation`](EventStream::incarnation) say `None`.
/// - [`EventTypes::any`] means all types that the server declares when the cursor is opened. A server
///   that declares none is taken for an open stream; of that only types that are named can be had.
/// - Where the stream begins now, a server may not say with the truncation: then the error says one
///   offset more than the one asked for, and the stream begins there or further on.
/// - B can't ask for [media types](Self::media_types).
///
/// # Lost connections
///
/// A cursor that has lost its connection says [`Error::Backend`](eventstream_core::Error::Backend),
/// retryable, with a [`NetworkError`](super::NetworkError) as its source; then it is to be opened
/// again, as the consumer does. One that [resumes](Self::resume) does so by itself.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Cursor, EventStream, EventTypes, ExponentialBackoff, Identity};
/// use eventstream_network::NetworkStream;
/// # use eventstream_core::{Envelope, Parcel};
/// # use eventstream_memory::MemoryStream;
/// # use eventstream_network::NetworkServer;
/// # use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// # let memory = MemoryStream::new(shop.clone());
/// # let placed = Envelope::new("m-1", shop.clone(), "order.placed", "application/json");
/// # memory.append_one(Parcel::seal(placed)?)?;
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let endpoint = format!("http://{}", listener.local_addr()?);
/// # let server = NetworkServer::builder().host(memory).build()?;
/// # let serving = tokio::spawn(server.serve(listener, std::future::pending()));
/// let stream = NetworkStream::connect(&endpoint, shop)
///     .await?
///     .media_types(["application/json"])
///     .resume(ExponentialBackoff::new());
/// let mut cursor = stream.open(0, EventTypes::any()).await?;
/// println!("{:?}", cursor.next().await?);
/// # serving.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct NetworkStream {
    channel: Arc<Channel>,
    application: Identity,
    options: StreamOptions,
}

impl NetworkStream {
    /// The stream of an application, over a connection of its own. For connections with other
    /// settings, and to share one, see [`NetworkClient`].
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if the server can't be reached.
    pub async fn connect(endpoint: &str, application: Identity) -> Result<Self> {
        Ok(NetworkClient::connect(endpoint).await?.stream(application))
    }

    pub(super) fn new(channel: Arc<Channel>, application: Identity) -> Self {
        Self { channel, application, options: StreamOptions::default() }
    }

    /// Speaks this protocol, instead of the best one that the server does.
    pub fn protocol(self, protocol: Protocol) -> Self {
        self.with(|options| options.protocol = Some(protocol))
    }

    /// Asks for events in one of these media types, in order of preference; the server transcodes if
    /// it can, and refuses if it can't. If not set, events come as they are stored.
    pub fn media_types(self, media_types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let media_types = media_types.into_iter().map(Into::into).collect();
        self.with(|options| options.media_types = media_types)
    }

    /// How many events a cursor takes off the connection before somebody asks for them: so many have
    /// room for more to come. 1,000 if not set; with 0 it takes what comes with the one that is asked
    /// for. In bytes it is bounded by
    /// [`prefetch_bytes`](super::NetworkClientBuilder::prefetch_bytes).
    pub fn prefetch(self, events: usize) -> Self {
        self.with(|options| options.prefetch = events)
    }

    /// How often a server that speaks our own protocol says something, though there is nothing to
    /// say: 10 seconds if not set, and 100 milliseconds at least.
    pub fn heartbeat(self, heartbeat: Duration) -> Self {
        let heartbeat = heartbeat.clamp(Duration::from_millis(100), Duration::from_secs(24 * 3600));
        self.with(|options| options.heartbeat = heartbeat)
    }

    /// Has cursors that lose their connection open the stream again by themselves, where they were:
    /// for as long as it takes, with these delays. Then `next` waits, instead of saying
    /// [`Error::Backend`](eventstream_core::Error::Backend). If another stream has taken the place of
    /// the one that was read, and the server can tell, it is an error: by our own protocol a stream
    /// that has an [`incarnation`](EventStream::incarnation) is known by that, and one without is
    /// another if it ends before what was read. By A and B no server can tell.
    pub fn resume(self, backoff: impl Backoff + 'static) -> Self {
        self.with(|options| options.resume = Some(Arc::new(backoff)))
    }

    fn with(mut self, set: impl FnOnce(&mut StreamOptions)) -> Self {
        set(&mut self.options);
        self
    }

    async fn describe(&self) -> Result<Description, CallError> {
        let live = self.channel.live().await?;
        let key = &self.application.key;
        let protocol = match self.options.protocol {
            Some(protocol) => protocol,
            None => live.protocol(key).await?,
        };
        live.describe(protocol, key).await
    }

    async fn described(&self) -> Result<Description> {
        self.describe().await.map_err(self.channel.failed("describe"))
    }
}

impl EventStream for NetworkStream {
    type Cursor = NetworkCursor;

    fn application(&self) -> &Identity {
        &self.application
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(self.described().await?.event_types)
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<NetworkCursor> {
        // Nothing else is known here of what is declared.
        types.check_supported_by(&EventTypes::any())?;
        let opener = Opener {
            channel: self.channel.clone(),
            options: self.options.clone(),
            application_key: self.application.key.clone(),
            types,
        };
        match opener.open(offset, None).await {
            Ok(first) => Ok(NetworkCursor::new(opener, first, offset)),
            Err(error) => Err(opener.error(error, offset)),
        }
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        Ok(self.described().await?.incarnation)
    }

    async fn end(&self) -> Result<Option<u64>> {
        Ok(self.described().await?.end)
    }
}

impl fmt::Debug for NetworkStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkStream")
            .field("server", &self.channel.endpoint)
            .field("application", &self.application)
            .field("protocol", &self.options.protocol)
            .finish_non_exhaustive()
    }
}
