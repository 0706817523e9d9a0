use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::spawn_blocking;
use tracing::Span;

use super::{SqliteError, database::Database, error::Result, fault::Fault, link::Link};

/// A connection to a database, which one at a time uses. It is opened when it is needed first.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) database: Database,
    link: Mutex<Option<Link>>,
}

impl Session {
    pub(super) fn new(database: Database) -> Arc<Self> {
        Self::with_link(database, None)
    }

    pub(super) fn with_link(database: Database, link: impl Into<Option<Link>>) -> Arc<Self> {
        Arc::new(Self { database, link: Mutex::new(link.into()) })
    }

    /// Does something with the connection, off the runtime.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        action: &'static str,
        work: impl FnOnce(&Link) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let session = self.clone();
        blocking(move || {
            let mut place = session.lock();
            let link = session.take(&mut place)?;
            let done = work(&link).map_err(|fault| session.database.error(action, fault));
            Self::give_back(&mut place, link);
            done
        })
        .await
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Link>> {
        locked(&self.link)
    }

    /// The connection out of its place.
    ///
    /// The database was there when it was opened. SQLite would go on in a file that was deleted, and
    /// all that was done there would be lost with the process; or create another one.
    pub(super) fn take(&self, place: &mut Option<Link>) -> Result<Link> {
        if self.database.path.try_exists().is_ok_and(|exists| !exists) {
            *place = None;
            return Err(SqliteError::NotFound { path: self.database.path.clone() });
        }
        place.take().map_or_else(|| Link::open(&self.database), Ok)
    }

    /// Puts the connection back. One that can't get out of its transaction is closed instead, which
    /// ends it.
    pub(super) fn give_back(place: &mut Option<Link>, link: Link) {
        if link.roll_back() {
            *place = Some(link);
        }
    }
}

/// Whoever panics with the lock held leaves nothing behind that is not looked after.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what blocks off the runtime. It runs to its end, whether or not anybody waits for it.
pub(super) async fn blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<SqliteError> + Send + 'static,
{
    let span = Span::current();
    match spawn_blocking(move || span.in_scope(work)).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(SqliteError::ShutDown.into()),
    }
}
