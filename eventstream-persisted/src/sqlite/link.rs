use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;

use super::{SqliteError, database::Database, error::Result, fault::Fault};

/// A connection on which nothing is committed but by us.
///
/// The user's statements run in our transaction. Should one of them end it, what follows would be
/// committed statement by statement, or with a transaction of their own, without the offset. So
/// SQLite asks us before it commits, and tells us when it rolls back.
#[derive(Debug)]
pub(super) struct Link {
    sql: Connection,
    shared: Arc<Shared>,
}

/// What SQLite asks for, and tells. One thread at a time has the connection, and a lock is passed on
/// between them.
#[derive(Debug, Default)]
struct Shared {
    /// Whether we are committing.
    commits: AtomicBool,
    /// Whether our transaction was rolled back.
    rolled_back: AtomicBool,
}

impl Link {
    pub(super) fn open(database: &Database) -> Result<Self> {
        let mut sql = database.connect()?;
        let shared = Arc::<Shared>::default();
        let (asked, told) = (shared.clone(), shared.clone());
        sql.commit_hook(Some(move || !asked.commits.load(Ordering::Relaxed)))
            .and_then(|()| {
                sql.rollback_hook(Some(move || told.rolled_back.store(true, Ordering::Relaxed)))
            })
            .map_err(|error| database.error("opening", error.into()))?;
        Ok(Self { sql, shared })
    }

    pub(super) fn sql(&self) -> &Connection {
        &self.sql
    }

    /// Begins a transaction that writes, when nobody else has one.
    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.sql.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        self.shared.rolled_back.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the transaction that was begun is still the one that is open.
    pub(super) fn is_intact(&self) -> bool {
        self.is_in_transaction() && !self.shared.rolled_back.load(Ordering::Relaxed)
    }

    fn is_in_transaction(&self) -> bool {
        !self.sql.is_autocommit()
    }

    /// Commits the transaction that was begun.
    pub(super) fn commit(&self) -> Result<(), Fault> {
        if !self.is_intact() {
            return Err(SqliteError::TransactionEnded.into());
        }
        let mut commit = self.sql.prepare_cached("COMMIT")?;
        self.shared.commits.store(true, Ordering::Relaxed);
        let committed = commit.execute([]);
        self.shared.commits.store(false, Ordering::Relaxed);
        committed?;
        Ok(())
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

/// SQLite rolls back what is open when it closes a connection, and would tell a hook that `rusqlite`
/// has freed by then: the process would crash.
impl Drop for Link {
    fn drop(&mut self) {
        // There is nothing that could fail, and nobody to tell.
        let _ = self.sql.rollback_hook(None::<fn()>);
        let _ = self.sql.commit_hook(None::<fn() -> bool>);
    }
}
