use std::{fmt, path::PathBuf, sync::Mutex, time::Duration};

use eventstream_core::{Apply, Error, Result};
use rusqlite::Connection;

use super::{
    SqliteConsumerKind, SqliteError, SqliteProjection, SqliteTx,
    database::Database,
    link::Link,
    panicked::caught,
    projection_worker::Worker,
    schema,
    session::{Session, blocking},
    table::Places,
};

type SetUp = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

/// Opens a [`SqliteProjection`]: made by [`SqliteProjection::builder`].
#[must_use = "a builder does nothing until `open` is called"]
pub struct SqliteProjectionBuilder<A> {
    database: Database,
    consumer: String,
    apply: A,
    setup: Option<SetUp>,
}

impl<A: Apply<SqliteTx> + 'static> SqliteProjectionBuilder<A> {
    pub(super) fn new(path: PathBuf, consumer: String, apply: A) -> Self {
        Self { database: Database::new(path), consumer, apply, setup: None }
    }

    /// Creates the tables that the effects go to: run in a transaction each time the projection is
    /// opened, so it should say `CREATE TABLE IF NOT EXISTS`, or look what is there.
    pub fn setup(
        mut self,
        setup: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Self {
        self.setup = Some(Box::new(setup));
        self
    }

    /// How long is waited while somebody else writes to the database; by default 5 seconds. After
    /// that there is an error, and the consumer tries again.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.database.busy_timeout = timeout;
        self
    }

    /// Has each commit synced to the disk before it counts (`synchronous = FULL`): then a power cut
    /// takes back none. By default it may take back the last ones, effect and offset together, and
    /// the events come again; see [`SqliteProjection`](SqliteProjection#durability).
    pub fn synced(mut self) -> Self {
        self.database.synced = true;
        self
    }

    /// Opens the projection, and creates the database and its tables if they are not there.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tables may have been created, all of them, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with a [`SqliteError`] as its source: if the path is none for a database,
    /// the file is something else, can't be written to or has tables of a later version, if the
    /// database is locked, or `setup` fails.
    pub async fn open(self) -> Result<SqliteProjection<A>> {
        blocking(move || {
            let event_types = self.apply.event_types();
            let places = Places { consumer: self.consumer, kind: SqliteConsumerKind::Projection };
            let (database, link) = prepare(self.database, &places.consumer, self.setup)?;
            let session = Session::with_link(database, link);
            let worker = Worker { session, places, apply: Mutex::new(self.apply) };
            Ok(SqliteProjection::new(worker, event_types))
        })
        .await
        .map_err(|error: SqliteError| -> Error { error.into_error("open") })
    }
}

impl<A> fmt::Debug for SqliteProjectionBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteProjectionBuilder")
            .field("database", &self.database)
            .field("consumer", &self.consumer)
            .finish_non_exhaustive()
    }
}

/// Opens a database for a consumer, and creates what is missing in it.
pub(super) fn prepare(
    database: Database,
    consumer: &str,
    setup: Option<SetUp>,
) -> Result<(Database, Link), SqliteError> {
    if consumer.is_empty() {
        return Err(SqliteError::NoConsumerName);
    }
    let database = database.absolute()?;
    let link = Link::open(&database)?;
    let prepared = link.write(|sql| {
        schema::create(sql, &database)?;
        if let Some(setup) = setup {
            let done = caught("what sets up the tables", || setup(sql))?;
            done.map_err(|source| SqliteError::SetUp { consumer: consumer.to_owned(), source })?;
        }
        Ok(())
    });
    prepared.map_err(|fault| database.error("setting up the tables", fault))?;
    Ok((database, link))
}
