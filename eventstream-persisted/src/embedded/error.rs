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
    /// The thread that writes is gone.
    #[error("the store has stopped writing after a failure: open it again")]
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
        /// Why it failed.
        #[source]
        source: Arc<rusqlite::Error>,
    },
}

impl EmbeddedStoreError {
    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable = match &self {
            Self::Sqlite { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull)
            ),
            _ => false,
        };
        Error::backend(operation, retryable, self)
    }
}

/// A failure on the way, before it is known which file it belongs to.
#[derive(Debug)]
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
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
