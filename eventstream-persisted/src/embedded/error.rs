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
        found: i64,
        /// The format that this version reads.
        supported: i64,
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
    /// What the store knows of itself has changed: whose events it keeps, and where they begin and
    /// end.
    #[error(
        "the store's own records are damaged (whose events it keeps, or where they begin and end): \
         restore it from a backup"
    )]
    DamagedHead,
    /// The store's file is not the one that was opened.
    #[error("{} was removed or replaced while it was open: open it again", path.display())]
    Replaced {
        /// The file of the database.
        path: PathBuf,
    },
    /// The store can't be written to. Readers have to, because they leave marks for each other.
    #[error(
        "can't open {} for reading and writing: a store's directory and its files have to be \
         writable, also to be read",
        path.display()
    )]
    NotWritable {
        /// The file of the database.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
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
    pub(super) fn sqlite(path: PathBuf, error: &rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let source = Message::of(error);
        if let Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) =
            code
        {
            return Self::NotWritable { path, source };
        }
        let retryable = matches!(
            code,
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::OutOfMemory
                    | ErrorCode::SystemIoFailure
            )
        );
        Self::Sqlite { path, retryable, source }
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable =
            matches!(self, Self::Sqlite { retryable: true, .. } | Self::OutcomeUnknown { .. });
        Error::backend(operation, retryable, self)
    }
}

/// What SQLite said. (The library's error would say it twice: once itself, once as its source. And it
/// would be part of our API.)
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Message(String);

impl Message {
    pub(super) fn of(error: &rusqlite::Error) -> Arc<dyn std::error::Error + Send + Sync> {
        Arc::new(Self(error.to_string()))
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
