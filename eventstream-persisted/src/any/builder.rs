use eventstream_core::{Error, Identity, Result};

#[cfg(any(feature = "postgres", feature = "jetstream"))]
use super::options::Options;
use super::{AnyStore, AnyStoreError, Engine, StoreLocation, any_store::Kept, location::Place};
use crate::Finding;
#[cfg(feature = "embedded")]
use crate::{EmbeddedStore, EmbeddedStoreBuilder, EmbeddedStoreError};
#[cfg(feature = "jetstream")]
use crate::{JetStreamError, JetStreamStore, JetStreamStoreBuilder};
#[cfg(feature = "postgres")]
use crate::{PostgresError, PostgresStore, PostgresStoreBuilder};

/// Opens or creates an [`AnyStore`]: made by [`AnyStore::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct AnyStoreBuilder {
    location: StoreLocation,
    application: Option<Identity>,
    application_key: Option<String>,
    first_offset: u64,
}

/// The engine's own builder.
enum Builder {
    #[cfg(feature = "embedded")]
    Embedded(EmbeddedStoreBuilder),
    #[cfg(feature = "postgres")]
    Postgres(PostgresStoreBuilder),
    #[cfg(feature = "jetstream")]
    JetStream(JetStreamStoreBuilder),
}

impl AnyStoreBuilder {
    pub(super) fn new(location: StoreLocation) -> Self {
        Self { location, application: None, application_key: None, first_offset: 0 }
    }

    /// Creates the store for this application's events if it is not there. By default a store that is
    /// not there is an error.
    ///
    /// In a PostgreSQL database there is room for any number of applications; elsewhere a store that
    /// keeps another application's events is refused.
    pub fn create_for(mut self, application: Identity) -> Self {
        self.application = Some(application);
        self
    }

    /// Opens the store of the application with this key, and no other. It is needed where several are
    /// kept, which [`applications`](Self::applications) names.
    pub fn application_key(mut self, key: impl Into<String>) -> Self {
        self.application_key = Some(key.into());
        self
    }

    /// The offset of the first event, if the store is created; by default 0.
    pub fn first_offset(mut self, offset: u64) -> Self {
        self.first_offset = offset;
        self
    }

    /// Opens the store.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the store may have been created, whole, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with an [`AnyStoreError`] as its source if nothing can be chosen by this
    /// location, or with an error of the engine;
    /// [`Error::InvalidEnvelope`] if the application it is to be created for has no name, no key,
    /// or a key with white space in it.
    pub async fn open(self) -> Result<AnyStore> {
        // The futures of some are large.
        let kept = match self.builder()? {
            #[cfg(feature = "embedded")]
            Builder::Embedded(builder) => Kept::Embedded(builder.open().await?),
            #[cfg(feature = "postgres")]
            Builder::Postgres(builder) => Kept::Postgres(Box::pin(builder.open()).await?),
            #[cfg(feature = "jetstream")]
            Builder::JetStream(builder) => Kept::JetStream(Box::pin(builder.open()).await?),
        };
        let Self { location, application_key, .. } = self;
        let store = AnyStore::new(location, kept);
        match application_key {
            Some(wanted) if wanted != store.application().key => {
                let location = store.location().to_string();
                let found = store.application().clone();
                Err(AnyStoreError::OtherApplication { location, found, wanted }.into_error())
            }
            _ => Ok(store),
        }
    }

    /// The applications whose events are kept at the location: several can be in a PostgreSQL database.
    /// There are none if no store is there yet.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn applications(&self) -> Result<Vec<Identity>> {
        let found = match Self::new(self.location.clone()).builder()? {
            #[cfg(feature = "postgres")]
            Builder::Postgres(builder) => Box::pin(builder.applications()).await,
            #[cfg(feature = "embedded")]
            Builder::Embedded(builder) => {
                builder.open().await.map(|store| vec![store.application().clone()])
            }
            #[cfg(feature = "jetstream")]
            Builder::JetStream(builder) => {
                let opened = Box::pin(builder.open()).await;
                opened.map(|store| vec![store.application().clone()])
            }
        };
        match found {
            Err(error) if Self::is_missing(&error) => Ok(Vec::new()),
            found => found,
        }
    }

    /// What can be found out about what the store depends on, the good and the bad. It is not created.
    ///
    /// In JetStream that is also found which a store can't be opened with. Elsewhere the store is opened
    /// first, and what stands in the way of that is the error.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); in JetStream, where that is not about something found.
    pub async fn findings(self) -> Result<Vec<Finding>> {
        match (Self { application: None, ..self }).builder()? {
            #[cfg(feature = "embedded")]
            Builder::Embedded(builder) => builder.open().await?.findings().await,
            #[cfg(feature = "postgres")]
            Builder::Postgres(builder) => {
                let store = Box::pin(builder.open()).await?;
                Box::pin(store.findings()).await
            }
            #[cfg(feature = "jetstream")]
            Builder::JetStream(builder) => Box::pin(builder.findings()).await,
        }
    }

    /// Whether an error of [`open`](Self::open) says that there is no store yet, where one can be
    /// [created](Self::create_for).
    #[must_use]
    pub fn is_missing(error: &Error) -> bool {
        let Error::Backend { source, .. } = error else { return false };
        #[cfg(feature = "embedded")]
        if let Some(EmbeddedStoreError::NotFound { .. }) = source.downcast_ref() {
            return true;
        }
        #[cfg(feature = "postgres")]
        if let Some(PostgresError::NotFound { .. }) = source.downcast_ref() {
            return true;
        }
        #[cfg(feature = "jetstream")]
        if let Some(JetStreamError::NotFound { .. }) = source.downcast_ref() {
            return true;
        }
        false
    }

    fn builder(&self) -> Result<Builder> {
        match &self.location.0 {
            #[cfg(feature = "embedded")]
            Place::Directory(path) => {
                let mut builder = EmbeddedStore::builder(path).first_offset(self.first_offset);
                if let Some(application) = &self.application {
                    builder = builder.create_for(application.clone());
                }
                Ok(Builder::Embedded(builder))
            }
            #[cfg(not(feature = "embedded"))]
            Place::Directory(_) => Err(not_built_in(Engine::Embedded)),
            Place::Url(Engine::Postgres, url) => self.postgres(url),
            Place::Url(Engine::JetStream, url) => self.jetstream(url),
            // A directory is no URL.
            Place::Url(engine, _) => Err(not_built_in(*engine)),
            Place::Unknown { scheme } => {
                Err(AnyStoreError::UnknownScheme { scheme: scheme.clone() }.into_error())
            }
        }
    }

    #[cfg(feature = "postgres")]
    fn postgres(&self, url: &str) -> Result<Builder> {
        let options = Options::take(url, &["schema", "pooler"]);
        let mut builder = PostgresStore::builder(&options.url).first_offset(self.first_offset);
        if let Some(schema) = self.option(&options, "schema", Ok)? {
            builder = builder.schema(schema);
        }
        let pooler = |text: String| match &*text {
            "transaction" => Ok(true),
            "session" | "none" => Ok(false),
            _ => Err(format!("it can be transaction, session or none, and not {text:?}")),
        };
        if self.option(&options, "pooler", pooler)? == Some(true) {
            builder = builder.transaction_pooler();
        }
        if let Some(key) = &self.application_key {
            builder = builder.application_key(key);
        }
        if let Some(application) = &self.application {
            builder = builder.create_for(application.clone());
        }
        Ok(Builder::Postgres(builder))
    }

    #[cfg(not(feature = "postgres"))]
    #[allow(clippy::unused_self)]
    fn postgres(&self, _url: &str) -> Result<Builder> {
        Err(not_built_in(Engine::Postgres))
    }

    #[cfg(feature = "jetstream")]
    fn jetstream(&self, url: &str) -> Result<Builder> {
        let options = Options::take(url, &["replicas", "ca", "cert", "key"]);
        let mut builder = JetStreamStore::builder(&options.url).first_offset(self.first_offset);
        let replicas = |text: String| {
            text.parse().map_err(|_| format!("it is a number such as 3, and not {text:?}"))
        };
        if let Some(replicas) = self.option(&options, "replicas", replicas)? {
            builder = builder.replicas(replicas);
        }
        if let Some(file) = self.option(&options, "ca", Ok)? {
            builder = builder.root_certificates(file);
        }
        match (self.option(&options, "cert", Ok)?, self.option(&options, "key", Ok)?) {
            (Some(certificate), Some(key)) => {
                builder = builder.client_certificate(certificate, key);
            }
            (None, None) => {}
            (certificate, _) => {
                return Err(AnyStoreError::InvalidOption {
                    location: self.location.to_string(),
                    option: if certificate.is_some() { "cert" } else { "key" }.to_owned(),
                    problem: "a certificate and its key go together".to_owned(),
                }
                .into_error());
            }
        }
        if let Some(application) = &self.application {
            builder = builder.create_for(application.clone());
        }
        Ok(Builder::JetStream(builder))
    }

    #[cfg(not(feature = "jetstream"))]
    #[allow(clippy::unused_self)]
    fn jetstream(&self, _url: &str) -> Result<Builder> {
        Err(not_built_in(Engine::JetStream))
    }

    #[cfg(any(feature = "postgres", feature = "jetstream"))]
    fn option<T>(
        &self,
        options: &Options,
        name: &str,
        read: impl FnOnce(String) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        options.get(&self.location, name, read).map_err(AnyStoreError::into_error)
    }
}

fn not_built_in(engine: Engine) -> Error {
    AnyStoreError::NotBuiltIn { engine }.into_error()
}
