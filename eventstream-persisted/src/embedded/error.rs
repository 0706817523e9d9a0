use std::{io, path::PathBuf, sync::Arc, time::Duration};

use eventstream_core::{Error, Identity};

use super::disk::is_read_only;

/// What can be wrong with an [`EmbeddedStore`](crate::EmbeddedStore): the source of the
/// [`Error::Backend`] that it returns.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedStoreError {
    /// There is no store at the path.
    #[error("there is no store at {}: check the path, or create one", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is something else at the path.
    #[error("{} is not a store of events: {problem}", path.display())]
    NotAStore {
        /// What was opened.
        path: PathBuf,
        /// What speaks against it.
        problem: &'static str,
    },
    /// The store has a format that this version does not know.
    #[error(
        "{} has format {found}, and this version reads format {supported} only: use the version \
         that made it to export the events, and append them to a new store",
        path.display()
    )]
    OtherFormat {
        /// What was opened.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format that this version reads.
        supported: u32,
    },
    /// The store keeps another application's events.
    #[error("{} keeps the events of {found}, not of {wanted}", path.display())]
    OtherApplication {
        /// What was opened.
        path: PathBuf,
        /// Whose events it keeps.
        found: Identity,
        /// Whose events were asked for.
        wanted: Identity,
    },
    /// Events can't be read, because what is stored of them has changed.
    #[error("the events at offsets {first} to {last} are damaged, in {}: {problem}", path.display())]
    Damaged {
        /// The file that they are in, or should be in.
        path: PathBuf,
        /// The first offset that can't be read.
        first: u64,
        /// The last offset that can't be read.
        last: u64,
        /// What was found.
        problem: &'static str,
    },
    /// What the store knows of itself has changed, in the file that is named.
    #[error(
        "{} is damaged, which says what the store is: restore that file from a backup",
        path.display()
    )]
    DamagedHead {
        /// The file.
        path: PathBuf,
    },
    /// The store's files are not those that were opened.
    #[error("{} was removed or replaced while it was open: open it again", path.display())]
    Replaced {
        /// The store's directory.
        path: PathBuf,
    },
    /// Another program holds the lock of those who append.
    #[error(
        "another program has held {} for {} seconds: wait until it is done, or end it",
        path.display(),
        patience.as_secs()
    )]
    Locked {
        /// The file that is locked.
        path: PathBuf,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The store may be read, but not written to.
    #[error("can't write to {}: the store's directory and its files have to be writable", path.display())]
    NotWritable {
        /// What can't be written to.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<io::Error>,
    },
    /// Syncing has failed, which leaves open whether the events are stored.
    #[error(
        "whether the events were stored is not known, because syncing {} failed: open the store \
         again, and append the same ones again, which stores them once",
        path.display()
    )]
    OutcomeUnknown {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<io::Error>,
    },
    /// The store does not write any more.
    #[error(
        "the store has stopped writing after a failure: open it again, and append the same events \
         again, which stores them once"
    )]
    Stopped,
    /// The file system refused something.
    #[error("can't {action} {}", path.display())]
    File {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<io::Error>,
    },
}

impl EmbeddedStoreError {
    pub(super) fn file(action: &'static str, path: PathBuf, source: io::Error) -> Self {
        let source = Arc::new(source);
        if is_read_only(&source) && matches!(action, "write to" | "create" | "lock" | "rename") {
            return Self::NotWritable { path, source };
        }
        Self::File { action, path, source }
    }

    /// Whether the cause may go away: a lock, a full disk, a file that can't be reached.
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::OutcomeUnknown { .. } | Self::File { .. })
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable = self.is_retryable();
        Error::backend(operation, retryable, self)
    }
}

/// A result of the store's own steps.
pub(super) type Result<T, E = EmbeddedStoreError> = std::result::Result<T, E>;
