use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use eventstream_core::{Error, Result};

use super::{
    NetworkClient, call_error::CallError, channel::Channel, endpoint::Endpoint,
    options::ConnectionOptions,
};

/// Below this HTTP/2 does not work well.
const MIN_WINDOW: u32 = 1 << 10;

/// The largest that HTTP/2 allows.
const MAX_WINDOW: u32 = (1 << 31) - 1;

/// How to connect to a server: made by [`NetworkClient::connect`]. To connect, wait for it.
#[derive(Clone, Debug)]
#[must_use = "nothing is connected until it is waited for"]
pub struct NetworkClientBuilder {
    endpoint: String,
    options: ConnectionOptions,
}

impl NetworkClientBuilder {
    pub(super) fn new(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), options: ConnectionOptions::default() }
    }

    fn with(mut self, set: impl FnOnce(&mut ConnectionOptions)) -> Self {
        set(&mut self.options);
        self
    }

    /// How long connecting may take: 10 seconds if not set.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|options| options.connect_timeout = timeout)
    }

    /// How long a server may take to answer a call, but for those that wait for events: 30 seconds if
    /// not set.
    pub fn call_timeout(self, timeout: Duration) -> Self {
        self.with(|options| options.call_timeout = timeout)
    }

    /// After how long without a sign of life the server is asked for one, and how long it may take
    /// to give it; then the connection is lost. 10 seconds each if not set.
    pub fn keep_alive(self, interval: Duration, timeout: Duration) -> Self {
        self.with(|options| {
            options.keep_alive_interval = interval;
            options.keep_alive_timeout = timeout;
        })
    }

    /// How many bytes a cursor holds at most that nobody has asked for: so many on the connection,
    /// and as many taken off it. 256 KiB if not set, which is fastest. One message more may be there.
    pub fn prefetch_bytes(self, bytes: u32) -> Self {
        self.with(|options| options.prefetch_bytes = bytes.clamp(MIN_WINDOW, MAX_WINDOW))
    }

    /// How many bytes a message of the server may have: 512 MiB if not set, as much as a store keeps
    /// of one event.
    pub fn message_bytes(self, bytes: usize) -> Self {
        self.with(|options| options.message_bytes = bytes)
    }
}

impl IntoFuture for NetworkClientBuilder {
    type Output = Result<NetworkClient>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let endpoint = Endpoint::parse(&self.endpoint)
                .map_err(|error| Error::backend("connect", false, error))?;
            let channel = Channel::new(endpoint, self.options);
            // So that it shows at once if nothing is there.
            let connected: Result<_, CallError> = channel.live().await;
            connected.map_err(channel.failed("connect"))?;
            Ok(NetworkClient::new(Arc::new(channel)))
        })
    }
}
