use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;

use super::{database::Database, error::Result, fault::Fault};

/// A connection on which nothing is committed but by us.
///
/// The user's statements run in our transaction. Should one of them end it, what follows would be
/// committed statement by statement, without the offset: SQLite asks us first, and we refuse.
#[derive(Debug)]
pub(super) struct Link {
    sql: Connection,
    may_commit: Arc<AtomicBool>,
}

impl Link {
    pub(super) fn open(database: &Database) -> Result<Self> {
        let mut sql = database.connect()?;
        let may_commit = Arc::new(AtomicBool::new(false));
        let asked = may_commit.clone();
        // One thread at a time has the connection, and a lock is passed on between them.
        sql.commit_hook(Some(move || !asked.load(Ordering::Relaxed)))
            .map_err(|error| database.error("opening", error.into()))?;
        Ok(Self { sql, may_commit })
    }

    pub(super) fn sql(&self) -> &Connection {
        &self.sql
    }

    /// Begins a transaction that writes, when nobody else has one.
    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.sql.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        !self.sql.is_autocommit()
    }

    pub(super) fn commit(&self) -> rusqlite::Result<()> {
        let mut commit = self.sql.prepare_cached("COMMIT")?;
        self.may_commit.store(true, Ordering::Relaxed);
        let committed = commit.execute([]);
        self.may_commit.store(false, Ordering::Relaxed);
        committed.map(drop)
    }

    /// Ends the transaction that is open, if there is one. Returns whether none is open any more.
    pub(super) fn roll_back(&self) -> bool {
        if self.is_in_transaction() {
            // If it fails, who calls gives up the connection, and with it the transaction.
            let _ = self.sql.execute_batch("ROLLBACK");
        }
        !self.is_in_transaction()
    }

    /// Does our own work in a transaction that writes.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.begin()?;
        let done = work(&self.sql).and_then(|value| {
            self.commit()?;
            Ok(value)
        });
        if done.is_err() {
            self.roll_back();
        }
        done
    }
}
