use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction};

use super::error::{EmbeddedStoreError, Failure, Message};

type Result<T, E = EmbeddedStoreError> = std::result::Result<T, E>;

/// How long a connection waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How large the write-ahead log may stay when it is not needed.
const LOG_BYTES: u32 = 16 * 1024 * 1024;

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
    pub(super) fn error(&self, source: &rusqlite::Error) -> EmbeddedStoreError {
        EmbeddedStoreError::sqlite(self.file.clone(), source)
    }

    /// Names the file in a failure.
    pub(super) fn name(&self, failure: Failure) -> EmbeddedStoreError {
        match failure {
            Failure::Sqlite(error) => self.error(&error),
            Failure::Commit(error) => match error.sqlite_error_code() {
                // Refused before anything was written that counts.
                Some(ErrorCode::DatabaseBusy | ErrorCode::DiskFull) => self.error(&error),
                _ => EmbeddedStoreError::OutcomeUnknown {
                    path: self.file.clone(),
                    source: Message::of(&error),
                },
            },
            Failure::Store(error) => error,
        }
    }

    /// Opens a connection to the file that is there.
    pub(super) fn open(&self) -> rusqlite::Result<Connection> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens a connection, and makes the file if it is not there.
    pub(super) fn create(&self) -> rusqlite::Result<Connection> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let connection =
            Connection::open_with_flags(&self.file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Durable before it returns: every commit is synced.
        connection.pragma_update(None, "synchronous", "FULL")?;
        // On macOS a sync reaches the disk only with these; elsewhere they do nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        // The log is cut back to this once it has been larger.
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        Ok(connection)
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
        let open = || {
            let connection = self.open()?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        };
        open().map_err(|error| self.error(&error))
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
