use std::path::{Path, PathBuf};

use eventstream_core::{Error, Incarnation};
use eventstream_persisted::{SqliteConsumers, SqliteError, SqliteProjection, rusqlite};
use tokio::task;

use super::{
    counts::{self, Count, Counts},
    summary::Summary,
};
use crate::{
    commands::database,
    failure::{Failure, said_by_backend},
};

/// The name by which the demo's consumer keeps its offset.
pub(super) const CONSUMER: &str = "summary";

/// What to do about a directory in which things are not as they should be.
pub(super) const BEGIN_ANEW: &str = "remove the directory, and run it again";

/// The database that keeps a summary: its counts and its offset change in one transaction.
#[derive(Clone, Debug)]
pub(super) struct SummaryDatabase {
    path: PathBuf,
}

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) summary: Summary,
    /// Which stream the offset is one of.
    pub(super) incarnation: Option<Incarnation>,
}

impl SummaryDatabase {
    pub(super) fn in_directory(directory: &Path) -> Self {
        Self { path: directory.join("summary.db") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The handler that keeps it.
    pub(super) async fn projection(&self) -> Result<SqliteProjection<Count>, Failure> {
        SqliteProjection::builder(&self.path, CONSUMER, Count)
            .setup(counts::create_tables)
            .open()
            .await
            .map_err(|error| database::failure(&error))
    }

    /// What is kept; without a database, nothing has been handled.
    pub(super) async fn load(&self) -> Result<Kept, Failure> {
        let consumers = match SqliteConsumers::open(&self.path).await {
            Ok(consumers) => consumers,
            Err(error) if self.has_not_begun(&error).await? => return Ok(Kept::default()),
            Err(error) => return Err(self.not_read(&error)),
        };
        let listed = consumers.list().await.map_err(|error| self.not_read(&error))?;
        let consumer = listed.into_iter().find(|it| it.name == CONSUMER);
        let Counts { by_type, by_repository } = self.read(Counts::read).await?;
        let next_offset = consumer.as_ref().map_or(0, |it| it.next_offset);
        Ok(Kept {
            summary: Summary { next_offset, by_type, by_repository },
            incarnation: consumer.and_then(|it| it.incarnation),
        })
    }

    /// Whether nobody has come so far as to make its tables.
    async fn has_not_begun(&self, error: &Error) -> Result<bool, Failure> {
        match said_by_backend(error) {
            Some(SqliteError::NotFound { .. }) => Ok(true),
            Some(SqliteError::NoConsumers { .. }) => self.read(counts::is_empty).await,
            _ => Ok(false),
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        read: fn(&Path) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let path = self.path.clone();
        match task::spawn_blocking(move || read(&path)).await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(self.is_none().because(&error).hint(BEGIN_ANEW)),
            Err(error) => Err(self.is_none().because(&error)),
        }
    }

    fn not_read(&self, error: &Error) -> Failure {
        match said_by_backend(error) {
            Some(
                problem @ (SqliteError::BadPath { .. }
                | SqliteError::NotADatabase { .. }
                | SqliteError::NoConsumers { .. }
                | SqliteError::NewerSchema { .. }
                | SqliteError::Damaged { .. }),
            ) => self.is_none().because(problem).hint(BEGIN_ANEW),
            _ => database::failure(error),
        }
    }

    fn is_none(&self) -> Failure {
        Failure::new(format!("{} is not a summary of this demo", self.path.display()))
    }
}
