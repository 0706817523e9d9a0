use std::{
    path::{self, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{SqliteError, error::Result, fault::Fault};

/// How long is waited for others who write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts at what SQLite does not wait for itself.
const PAUSE: Duration = Duration::from_millis(5);
/// Statements that a connection keeps prepared: ours, and those of the user.
const STATEMENTS: usize = 128;

/// Where a database is, and how it is opened.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    pub(super) busy_timeout: Duration,
    /// Whether each commit is synced to the disk.
    pub(super) synced: bool,
    /// Whether it is there already, and nothing about it is to be changed.
    pub(super) existing: bool,
}

impl Database {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, busy_timeout: BUSY_TIMEOUT, synced: false, existing: false }
    }

    /// One that is there already.
    pub(super) fn existing(path: PathBuf) -> Self {
        Self { existing: true, ..Self::new(path) }
    }

    /// With a path that stays the same when the process goes to another directory, and has no
    /// special meaning to SQLite.
    pub(super) fn absolute(mut self) -> Result<Self> {
        match path::absolute(&self.path) {
            Ok(path) => self.path = path,
            Err(_) => return Err(self.bad_path("the path is empty")),
        }
        Ok(self)
    }

    /// Opens a connection.
    pub(super) fn connect(&self) -> Result<Connection> {
        if self.path.is_dir() {
            return Err(self.bad_path("that is a directory"));
        }
        if self.existing && self.path.try_exists().is_ok_and(|exists| !exists) {
            return Err(SqliteError::NotFound { path: self.path.clone() });
        }
        if self.path.parent().is_some_and(|directory| !directory.is_dir()) {
            return Err(self.bad_path("the directory does not exist: create it first"));
        }
        self.open().map_err(|fault| self.error("opening", fault))
    }

    fn open(&self) -> Result<Connection, Fault> {
        // One thread at a time uses a connection.
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, !self.existing);
        let sql = Connection::open_with_flags(&self.path, flags)?;
        sql.busy_timeout(self.busy_timeout)?;
        sql.set_prepared_statement_cache_capacity(STATEMENTS);
        if !self.existing {
            // SQLite opens for reading what it can't write to.
            if sql.is_readonly("main")? {
                return Err(SqliteError::NotWritable { path: self.path.clone() }.into());
            }
            self.write_ahead(&sql)?;
            sql.pragma_update(None, "synchronous", if self.synced { "FULL" } else { "NORMAL" })?;
        }
        Ok(sql)
    }

    /// Has the database keep a write-ahead log: so readers are in nobody's way, and a commit is one
    /// write.
    fn write_ahead(&self, sql: &Connection) -> Result<(), Fault> {
        let deadline = Instant::now() + self.busy_timeout;
        let mode: String = loop {
            match sql.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
                // Two who change it at once would wait for each other: one is told so at once, and
                // there is nothing to wait on but time.
                Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(PAUSE),
                mode => break mode?,
            }
        };
        if mode.eq_ignore_ascii_case("wal") {
            Ok(())
        } else {
            Err(SqliteError::NoWriteAheadLog { path: self.path.clone(), mode }.into())
        }
    }

    /// Says in which database something went wrong, and what is to be done.
    pub(super) fn error(&self, action: &'static str, fault: Fault) -> SqliteError {
        let path = self.path.clone();
        let source = match fault {
            Fault::Known(error) => return error,
            Fault::Damaged(problem) => return SqliteError::Damaged { path, problem },
            Fault::Sqlite(source) => source,
        };
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                SqliteError::Locked { path, waited: self.busy_timeout }
            }
            Some(ErrorCode::NotADatabase) => SqliteError::NotADatabase { path },
            Some(ErrorCode::ReadOnly) => SqliteError::NotWritable { path },
            _ => match source {
                rusqlite::Error::FromSqlConversionFailure(_, _, why) => {
                    SqliteError::Damaged { path, problem: why.to_string() }
                }
                source => SqliteError::Sqlite { action, path, source },
            },
        }
    }

    fn bad_path(&self, problem: &'static str) -> SqliteError {
        SqliteError::BadPath { path: self.path.clone(), problem }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
