use std::{path::PathBuf, time::Duration};

use eventstream_core::{Error, Identity, Result};

use super::{opening, store::JetStreamStore};
use crate::Finding;

/// Opens or creates a [`JetStreamStore`]: made by [`JetStreamStore::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct JetStreamStoreBuilder {
    pub(super) url: String,
    pub(super) application: Option<Identity>,
    pub(super) first_offset: u64,
    pub(super) replicas: u8,
    pub(super) timeout: Duration,
    pub(super) recent_events: usize,
    pub(super) recent_bytes: usize,
    pub(super) user: Option<(String, String)>,
    pub(super) token: Option<String>,
    pub(super) credentials: Option<PathBuf>,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) client_certificate: Option<(PathBuf, PathBuf)>,
    pub(super) domain: Option<String>,
    pub(super) monitoring: Option<String>,
}

impl JetStreamStoreBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            application: None,
            first_offset: 0,
            replicas: 1,
            timeout: Duration::from_secs(30),
            recent_events: 1024,
            recent_bytes: 1024 * 1024,
            user: None,
            token: None,
            credentials: None,
            root_certificates: None,
            client_certificate: None,
            domain: None,
            monitoring: None,
        }
    }

    /// Creates the stream for this application's events if it is not there, and refuses one that keeps
    /// another application's. By default a stream that is not there is an error.
    ///
    /// A stream that was made on a server before 2.12 is allowed to take several events as one, once the
    /// server can. By default opening changes nothing.
    pub fn create_for(mut self, application: Identity) -> Self {
        self.application = Some(application);
        self
    }

    /// The offset of the first event, if the stream is created; by default 0. It takes a server of
    /// version 2.10 or later, and has to be less than 2^62.
    pub fn first_offset(mut self, offset: u64) -> Self {
        self.first_offset = offset;
        self
    }

    /// How many servers of the cluster keep the events, if the stream is created: 1, by default, or 3
    /// or 5.
    pub fn replicas(mut self, replicas: u8) -> Self {
        self.replicas = replicas;
        self
    }

    /// How long it is tried to append or to read where nothing gets on, as a server is down or a
    /// cluster has no leader; by default 30 seconds. Then there is an error, which says that trying
    /// again may help.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many of the most recent events are kept in memory, for streams; by default 1,024, and none
    /// with 0. See also [`recent_bytes`](Self::recent_bytes).
    pub fn recent_events(mut self, events: usize) -> Self {
        self.recent_events = events;
        self
    }

    /// How many bytes the events have at most that are kept in memory; by default a mebibyte.
    pub fn recent_bytes(mut self, bytes: usize) -> Self {
        self.recent_bytes = bytes;
        self
    }

    /// Who we are for the server, if the URL does not say so.
    pub fn user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((user.into(), password.into()));
        self
    }

    /// A token that the server knows, if the URL does not have it.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// A file of credentials, as `nsc` makes them; also `?credentials=FILE` of the URL.
    pub fn credentials(mut self, file: impl Into<PathBuf>) -> Self {
        self.credentials = Some(file.into());
        self
    }

    /// A file of certificates, in PEM, of those who may vouch for the server; by default those that
    /// the system trusts.
    pub fn root_certificates(mut self, file: impl Into<PathBuf>) -> Self {
        self.root_certificates = Some(file.into());
        self
    }

    /// Our certificate and its key, in PEM, for servers that ask for one.
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// The domain of JetStream that the stream is in; also `?domain=NAME` of the URL.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Where the server says of itself what it does not say to clients, as `HOST:PORT`; also
    /// `?monitoring=HOST:PORT` of the URL. Only there it can be seen whether it acknowledges what is
    /// not on disk yet.
    pub fn monitoring(mut self, address: impl Into<String>) -> Self {
        self.monitoring = Some(address.into());
        self
    }

    /// What can be found out about a stream that is there and its server, the good and the bad: also
    /// where that keeps it from being opened.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), where that is not about something found.
    pub async fn findings(mut self) -> Result<Vec<Finding>> {
        // It is not to be created.
        self.application = None;
        opening::findings(&self).await.map_err(|error| -> Error { error.into_error("check") })
    }

    /// Opens the store, or creates it.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has opened nothing; a new stream may be there, though.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`] if the application's name or key is not valid; else
    /// [`Error::Backend`] with a [`JetStreamError`](crate::JetStreamError) as its source.
    pub async fn open(self) -> Result<JetStreamStore> {
        if let Some(application) = &self.application {
            application.check("application")?;
        }
        let opened = opening::open(&self).await;
        opened.map_err(|error| -> Error { error.into_error("open") })
    }
}

/// Without secrets.
impl std::fmt::Debug for JetStreamStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JetStreamStoreBuilder")
            .field("application", &self.application)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}
