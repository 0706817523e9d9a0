use std::path::PathBuf;

use eventstream_core::{Error, Identity, Result};
use tokio::task::spawn_blocking;

use super::{
    creation, error::EmbeddedStoreError, files::Files, schema::Charter, store::EmbeddedStore,
};

/// Opens or creates an [`EmbeddedStore`]: made by [`EmbeddedStore::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct EmbeddedStoreBuilder {
    directory: PathBuf,
    application: Option<Identity>,
    first_offset: u64,
    recent_events: usize,
}

impl EmbeddedStoreBuilder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, application: None, first_offset: 0, recent_events: 100 }
    }

    /// Creates the store for this application's events if it is not there, and refuses one that
    /// keeps another application's. By default a store that is not there is an error.
    pub fn create_for(mut self, application: Identity) -> Self {
        self.application = Some(application);
        self
    }

    /// The offset of the first event, if the store is created; by default 0.
    pub fn first_offset(mut self, offset: u64) -> Self {
        self.first_offset = offset;
        self
    }

    /// How many of the events that this process appended last are kept in memory, for streams; by
    /// default 100.
    pub fn recent_events(mut self, events: usize) -> Self {
        self.recent_events = events;
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
    /// [`Error::Backend`] with an [`EmbeddedStoreError`] as its source;
    /// [`Error::InvalidEnvelope`] if the application it is to be created for has no name, no key,
    /// or a key with white space in it.
    pub async fn open(self) -> Result<EmbeddedStore> {
        spawn_blocking(move || self.open_blocking())
            .await
            .map_err(|error| Error::backend("open", false, error))?
    }

    fn open_blocking(self) -> Result<EmbeddedStore> {
        let failed = |error: EmbeddedStoreError| error.into_error("open");
        if let Some(application) = &self.application {
            application.check("source_application")?;
            let charter = Charter::new(application.clone(), self.first_offset);
            creation::create(&self.directory, &charter).map_err(failed)?;
        }
        let (files, connection) = Files::open(&self.directory).map_err(failed)?;
        if let Some(wanted) = self.application
            && wanted.key != files.charter.application.key
        {
            let found = files.charter.application.clone();
            let path = self.directory;
            return Err(failed(EmbeddedStoreError::OtherApplication { path, found, wanted }));
        }
        EmbeddedStore::start(files, connection, self.recent_events)
    }
}
