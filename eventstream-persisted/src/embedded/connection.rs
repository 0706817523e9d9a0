use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction};

use super::error::{EmbeddedStoreError, Failure};

type Result<T, E = EmbeddedStoreError> = std::result::Result<T, E>;

/// How long a connection waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections that readers leave behind are kept up to this number.
const KEPT_READERS: usize = 4;

/// The database file of a store, and the connections to it.
#[derive(Debug)]
pub(super) struct Database {
    file: PathBuf,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, readers: Mutex::default() }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Names the file in an error of SQLite's.
    pub(super) fn error(&self, source: rusqlite::Error) -> EmbeddedStoreError {
        EmbeddedStoreError::Sqlite { path: self.file.clone(), source: source.into() }
    }

    /// Names the file in a failure.
    pub(super) fn name(&self, failure: Failure) -> EmbeddedStoreError {
        match failure {
            Failure::Sqlite(error) => self.error(error),
            Failure::Store(error) => error,
        }
    }

    /// Opens a connection; `flags` say what it may do with the file.
    pub(super) fn connect(&self, flags: OpenFlags) -> Result<Connection> {
        let open = || {
            let connection =
                Connection::open_with_flags(&self.file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            // Durable before it returns: every commit is synced.
            connection.pragma_update(None, "synchronous", "FULL")?;
            Ok(connection)
        };
        open().map_err(|error| self.error(error))
    }

    /// Reads, in one transaction, with a connection that nobody else has meanwhile.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let kept = self.readers().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect_reader()?,
        };
        let result = connection
            .transaction()
            .map_err(Failure::from)
            .and_then(|transaction| read(&transaction));
        // One that failed is not kept: the next reader starts with a new one.
        if result.is_ok() {
            let mut readers = self.readers();
            if readers.len() < KEPT_READERS {
                readers.push(connection);
            }
        }
        result.map_err(|failure| self.name(failure))
    }

    pub(super) fn connect_reader(&self) -> Result<Connection> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| self.error(error))?;
        Ok(connection)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
