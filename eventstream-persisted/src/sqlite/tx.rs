use std::{
    fmt,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use eventstream_core::HandlerError;
use rusqlite::{Connection, Params, Row};

use super::{SqliteError, link::Link, session::locked};

/// The open transaction of a [`SqliteProjection`](crate::SqliteProjection), as what applies an event
/// gets it. A clone is another handle to the same transaction.
///
/// What is done in it is there if the event was handled *and* the offset moved with it, and else not
/// at all. In a batch all events have the same transaction.
///
/// # Contract
///
/// - The transaction is committed by the projection. Statements that would end it are refused, or
///   fail the event; for parts that may fail take a savepoint (`SAVEPOINT`, `ROLLBACK TO`,
///   `RELEASE`). An event whose transaction was rolled back on the way, as a full disk or `OR
///   ROLLBACK` does, fails, and nothing of it stays.
/// - A handle that is used after its transaction says so, and does not touch the database.
/// - Calls block the thread for as long as SQLite takes. That is no harm in
///   [`Apply::apply`](eventstream_core::Apply::apply), which does not run on the runtime's own
///   threads; it is in a task that was spawned there.
/// - While the transaction is open nobody else can write to the database. Whatever takes long, as a
///   call over the network, belongs elsewhere.
/// - Foreign keys are enforced.
/// - `PRAGMA` and `ATTACH` are not undone with the transaction: they change the connection for the
///   events that follow. What is written to an attached database is not one with the offset.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Event, HandlerError};
/// use eventstream_persisted::SqliteTx;
///
/// async fn count(tx: SqliteTx, event: Event) -> Result<(), HandlerError> {
///     tx.execute(
///         "INSERT INTO counts (type, count) VALUES (?1, 1)
///          ON CONFLICT (type) DO UPDATE SET count = count + 1",
///         [event.parcel.event_type()],
///     )?;
///     let all: i64 = tx.query_row("SELECT sum(count) FROM counts", [], |row| row.get(0))?;
///     println!("{all} events so far");
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct SqliteTx(Arc<Shared>);

struct Shared {
    /// The connection, until the transaction is over.
    link: Mutex<Option<Link>>,
    /// The thread that is using it.
    user: Mutex<Option<ThreadId>>,
}

impl SqliteTx {
    pub(super) fn new(link: Link) -> Self {
        Self(Arc::new(Shared { link: Mutex::new(Some(link)), user: Mutex::new(None) }))
    }

    /// Takes the connection away from all handles, once none is using it.
    pub(super) fn end(&self) -> Option<Link> {
        locked(&self.0.link).take()
    }

    /// Runs SQL in the transaction, with all that `rusqlite` has.
    ///
    /// # Errors
    ///
    /// What `work` returns; [`HandlerError::Retry`] with a [`SqliteError`](crate::SqliteError) if
    /// the transaction is over or was ended, or if it is called inside of itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # use eventstream_core::HandlerError;
    /// # use eventstream_persisted::SqliteTx;
    /// fn names(tx: &SqliteTx) -> Result<Vec<String>, HandlerError> {
    ///     tx.with(|sql| {
    ///         let mut statement = sql.prepare_cached("SELECT name FROM people ORDER BY name")?;
    ///         let names = statement.query_map([], |row| row.get(0))?;
    ///         Ok(names.collect::<Result<_, _>>()?)
    ///     })
    /// }
    /// ```
    pub fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HandlerError>,
    ) -> Result<T, HandlerError> {
        let me = thread::current().id();
        if *locked(&self.0.user) == Some(me) {
            return Err(SqliteError::Nested.into());
        }
        // Dropped in the other order: nobody is its user any more when it is free.
        let link = locked(&self.0.link);
        let link = link.as_ref().ok_or(SqliteError::TransactionOver)?;
        let _using = Using::begin(&self.0.user, me);
        if !link.is_intact() {
            return Err(SqliteError::TransactionEnded.into());
        }
        work(link.sql())
    }

    /// Runs a statement, which is kept prepared for the next time; returns how many rows it has
    /// inserted, updated or deleted.
    ///
    /// # Errors
    ///
    /// As for [`with`](Self::with), and what SQLite says.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize, HandlerError> {
        self.with(|connection| Ok(connection.prepare_cached(sql)?.execute(params)?))
    }

    /// Runs a query, which is kept prepared for the next time, and reads its first row.
    ///
    /// # Errors
    ///
    /// As for [`with`](Self::with), and what SQLite says; that there is no row is an error, too.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, HandlerError> {
        self.with(|connection| Ok(connection.prepare_cached(sql)?.query_row(params, read)?))
    }

    /// Runs a query, which is kept prepared for the next time, and reads its first row; `None` if it
    /// has none.
    ///
    /// # Errors
    ///
    /// As for [`with`](Self::with), and what SQLite says.
    pub fn query_optional<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, HandlerError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            Ok(rows.next()?.map(read).transpose()?)
        })
    }
}

impl fmt::Debug for SqliteTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTx").finish_non_exhaustive()
    }
}

/// Says who is using the connection, for as long as it does.
struct Using<'a>(&'a Mutex<Option<ThreadId>>);

impl<'a> Using<'a> {
    fn begin(user: &'a Mutex<Option<ThreadId>>, me: ThreadId) -> Self {
        *locked(user) = Some(me);
        Self(user)
    }
}

impl Drop for Using<'_> {
    fn drop(&mut self) {
        *locked(self.0) = None;
    }
}
