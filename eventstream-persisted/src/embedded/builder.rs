use std::path::PathBuf;

use eventstream_core::{Error, Identity, Result};
use tokio::task::spawn_blocking;

use super::{Compression, Retention, creation, layout::Charter, opening, store::EmbeddedStore};

/// A log that is longer is sealed.
const LOG_BYTES: u64 = 16 * 1024 * 1024;
/// The largest: what is found in a segment is counted in 32 bits.
const MAX_LOG_BYTES: u64 = 1024 * 1024 * 1024;
/// The smallest that makes sense.
const MIN_LOG_BYTES: u64 = 4 * 1024;

/// Opens or creates an [`EmbeddedStore`]: made by [`EmbeddedStore::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct EmbeddedStoreBuilder {
    pub(super) directory: PathBuf,
    pub(super) application: Option<Identity>,
    first_offset: u64,
    pub(super) recent_events: usize,
    pub(super) recent_bytes: usize,
    log_bytes: u64,
    pub(super) compression: Compression,
    pub(super) retention: Retention,
    pub(super) restored: bool,
}

impl EmbeddedStoreBuilder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            application: None,
            first_offset: 0,
            recent_events: 1024,
            recent_bytes: 1024 * 1024,
            log_bytes: LOG_BYTES,
            compression: Compression::default(),
            retention: Retention::default(),
            restored: false,
        }
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
    /// default 1,024, and none with 0. See also [`recent_bytes`](Self::recent_bytes).
    pub fn recent_events(mut self, events: usize) -> Self {
        self.recent_events = events;
        self
    }

    /// How many bytes the events have at most that are kept in memory; by default a mebibyte.
    pub fn recent_bytes(mut self, bytes: usize) -> Self {
        self.recent_bytes = bytes;
        self
    }

    /// Seals events once so many bytes of them were appended; by default 16 MiB; at least
    /// 4 KiB, and at most 1 GiB.
    ///
    /// Sealed events are packed and found faster. Smaller files give their space back sooner when a
    /// store is truncated; larger ones are fewer.
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.log_bytes = bytes.clamp(MIN_LOG_BYTES, MAX_LOG_BYTES);
        self
    }

    /// How events are packed when they are sealed; by default with LZ4.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Which events are truncated without being asked for; by default none.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Says that the files were put there from a copy: the store gets a new
    /// [incarnation](EmbeddedStore::incarnation), so that nobody takes it for the one that the copy
    /// was made of. What [`backup`](EmbeddedStore::backup) has made has a new one already.
    pub fn restored(mut self) -> Self {
        self.restored = true;
        self
    }

    /// How long a log gets: shorter, if all of the store is to be small.
    pub(super) fn longest_log(&self) -> u64 {
        let share = self.retention.bytes.map_or(u64::MAX, |bytes| bytes / 8);
        self.log_bytes.min(share.max(MIN_LOG_BYTES))
    }

    /// Opens the store.
    ///
    /// A store that can be read, but not written to, is opened for reading: appending is an error
    /// then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the store may have been created, whole, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with an [`EmbeddedStoreError`](crate::EmbeddedStoreError) as its source;
    /// [`Error::InvalidEnvelope`] if the application it is to be created for has no name, no key,
    /// or a key with white space in it.
    pub async fn open(self) -> Result<EmbeddedStore> {
        spawn_blocking(move || {
            if let Some(application) = &self.application {
                application.check("source_application")?;
                let charter = Charter::new(application.clone(), self.first_offset);
                creation::create(&self.directory, &charter)
                    .map_err(|error| error.into_error("create"))?;
            }
            opening::open(&self).map_err(|error| error.into_error("open"))
        })
        .await
        .map_err(|error| Error::backend("open", false, error))?
    }
}
