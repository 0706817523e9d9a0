use std::{path::PathBuf, sync::Arc};

use eventstream_core::{Error, Identity};
use rusqlite::ErrorCode;

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
         that made it",
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
    #[error("the events at offsets {first} to {last} are damaged: {problem}")]
    Damaged {
        /// The first offset that can't be read.
        first: u64,
        /// The last offset that can't be read.
        last: u64,
        /// What was found.
        problem: &'static str,
    },
    /// Committing has failed in a way that leaves open whether it took place.
    #[error(
        "whether the events were stored is not known, because committing to {} failed: append the \
         same ones again, which stores them once",
        path.display()
    )]
    OutcomeUnknown {
        /// The file of the database.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that writes is gone, and with it the answer.
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
        source: Arc<std::io::Error>,
    },
    /// SQLite refused something.
    #[error("SQLite failed on {}", path.display())]
    Sqlite {
        /// The file of the database.
        path: PathBuf,
        /// Whether the cause may go away: a lock, a full disk, a file that can't be reached.
        retryable: bool,
        /// Why it failed.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl EmbeddedStoreError {
    pub(super) fn sqlite(path: PathBuf, source: rusqlite::Error) -> Self {
        let retryable = matches!(
            source.sqlite_error_code(),
            Some(
                ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::OutOfMemory
                    | ErrorCode::SystemIoFailure
            )
        );
        Self::Sqlite { path, retryable, source: Arc::new(source) }
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable =
            matches!(self, Self::Sqlite { retryable: true, .. } | Self::OutcomeUnknown { .. });
        Error::backend(operation, retryable, self)
    }
}

/// A failure on the way, before it is known which file it belongs to.
#[derive(Debug)]
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    /// Of the commit itself.
    Commit(rusqlite::Error),
    Store(EmbeddedStoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<EmbeddedStoreError> for Failure {
    fn from(error: EmbeddedStoreError) -> Self {
        Self::Store(error)
    }
}
