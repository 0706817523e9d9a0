use std::{path::PathBuf, time::Duration};

use eventstream_core::{Error, Result};

use super::{
    SqliteCheckpoints, SqliteConsumerKind, SqliteError,
    database::Database,
    projection_builder::prepare,
    session::{Session, blocking},
    table::Places,
};

/// Opens [`SqliteCheckpoints`]: made by [`SqliteCheckpoints::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct SqliteCheckpointsBuilder {
    database: Database,
    consumer: String,
}

impl SqliteCheckpointsBuilder {
    pub(super) fn new(path: PathBuf, consumer: String) -> Self {
        Self { database: Database::new(path), consumer }
    }

    /// How long is waited while somebody else writes to the database; by default 5 seconds. After
    /// that there is an error, and the consumer tries again.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.database.busy_timeout = timeout;
        self
    }

    /// Has each checkpoint synced to the disk before it counts (`synchronous = FULL`). By default a
    /// power cut may take back the last ones: more effects are made again then.
    pub fn synced(mut self) -> Self {
        self.database.synced = true;
        self
    }

    /// Opens the checkpoints, and creates the database and its tables if they are not there.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tables may have been created, all of them, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with a [`SqliteError`] as its source: if the path is none for a database,
    /// the file is something else, can't be written to or has tables of a later version, or if the
    /// database is locked.
    pub async fn open(self) -> Result<SqliteCheckpoints> {
        blocking(move || {
            let (database, link) = prepare(self.database, &self.consumer, None)?;
            let places = Places { consumer: self.consumer, kind: SqliteConsumerKind::Checkpoint };
            Ok(SqliteCheckpoints::new(Session::with_link(database, link), places))
        })
        .await
        .map_err(|error: SqliteError| -> Error { error.into_error("open") })
    }
}
