use std::{
    future::{Future, IntoFuture},
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use eventstream_core::{Error, Result};

use super::{
    NetworkClient,
    call_error::CallError,
    channel::Channel,
    endpoint::Endpoint,
    options::ConnectionOptions,
    security::{Security, SecurityOptions, TokenSource},
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
    security: SecurityOptions,
}

impl NetworkClientBuilder {
    pub(super) fn new(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            options: ConnectionOptions::default(),
            security: SecurityOptions::default(),
        }
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
    /// of one event. One that holds no events has 4 MiB at most.
    pub fn message_bytes(self, bytes: usize) -> Self {
        self.with(|options| options.message_bytes = bytes)
    }

    /// A bearer token, which is sent with each call. To a server that is not on this machine it is
    /// sent by `https://` only.
    pub fn token(self, token: impl Into<String>) -> Self {
        let token = TokenSource::Given(token.into());
        self.secured(|security| security.token = Some(token))
    }

    /// The same, with a file that has the token and nothing else. It is read again when it changes,
    /// and looked at when there is a call, once a second at most; if it can't be used any more, the
    /// token that it had is sent.
    pub fn token_file(self, path: impl Into<PathBuf>) -> Self {
        let token = TokenSource::File(path.into());
        self.secured(|security| security.token = Some(token))
    }

    /// Lets a token be sent by `http://` to other machines, though it can be read along on the way.
    pub fn token_over_plain_text(self) -> Self {
        self.secured(|security| security.token_over_plain_text = true)
    }

    /// Whose certificates are trusted (PEM), in place of those that the system trusts: what
    /// `https://` needs where the server's certificate is none that everybody trusts. The file is read
    /// again when it changes, for the connections that are made from then on.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_network::NetworkClient;
    /// # use eventstream_core::Identity;
    /// # use eventstream_memory::MemoryStream;
    /// # use eventstream_network::{NetworkServer, Tls, TokenFile};
    /// # use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = |name: &str| directory.path().join(name);
    /// # let key = rcgen::KeyPair::generate()?;
    /// # let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
    /// # std::fs::write(path("server.pem"), certificate.pem())?;
    /// # std::fs::write(path("server.key"), key.serialize_pem())?;
    /// # std::fs::write(path("tokens"), "a-token-of-some-length read *\n")?;
    /// # std::fs::write(path("token"), "a-token-of-some-length\n")?;
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let port = listener.local_addr()?.port();
    /// # let server = NetworkServer::builder()
    /// #     .host(MemoryStream::new(Identity::new("shop", "0b6b8a1e")))
    /// #     .tls(Tls::from_files(path("server.pem"), path("server.key")))
    /// #     .authorizer(TokenFile::open(path("tokens"))?)
    /// #     .build()?;
    /// # let serving = tokio::spawn(server.serve(listener, std::future::pending()));
    /// let client = NetworkClient::connect(&format!("https://localhost:{port}"))
    ///     .ca_file(path("server.pem"))
    ///     .token_file(path("token"))
    ///     .await?;
    /// assert_eq!(client.applications().await?.len(), 1);
    /// # serving.abort();
    /// # Ok(())
    /// # }
    /// ```
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        self.secured(|security| security.ca_file = Some(path))
    }

    /// The certificate by which the server knows the client, and its private key (PEM). Both are read
    /// again when they change, for the connections that are made from then on.
    pub fn identity_files(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        let files = (certificate.into(), key.into());
        self.secured(|security| security.identity = Some(files))
    }

    fn secured(mut self, set: impl FnOnce(&mut SecurityOptions)) -> Self {
        set(&mut self.security);
        self
    }
}

impl IntoFuture for NetworkClientBuilder {
    type Output = Result<NetworkClient>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let made = Endpoint::parse(&self.endpoint).and_then(|endpoint| {
                let security = Security::of(&endpoint, &self.security)?;
                Ok(Channel::new(endpoint, self.options, security))
            });
            let channel = made.map_err(|error| Error::backend("connect", false, error))?;
            // So that it shows at once if nothing is there.
            let connected: Result<_, CallError> = channel.live().await;
            connected.map_err(channel.failed("connect"))?;
            Ok(NetworkClient::new(Arc::new(channel)))
        })
    }
}
