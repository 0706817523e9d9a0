use std::{path::PathBuf, sync::Arc};

use eventstream_core::{Checkpoint, Checkpoints, HandlerError, Identity};

use super::{
    SqliteCheckpointsBuilder, SqliteError, SqliteParked,
    fault::Fault,
    session::Session,
    table::{Places, Stream},
};

/// The offsets of a consumer in a SQLite database, for effects that are made elsewhere.
///
/// # What it can't promise
///
/// The checkpoint is stored *after* the effect, and not together with it. Whatever fails between the
/// two, **the effect is made again: at least once, not exactly once**. So do two replicas that handle
/// the same event at once: one of them is told that there is a conflict when its effect is made
/// already. Make effects that can be repeated, or, if they are in a SQLite database, take a
/// [`SqliteProjection`](crate::SqliteProjection), which makes each exactly once.
///
/// A power cut may take back the last checkpoints, if they are not
/// [synced](SqliteCheckpointsBuilder::synced): more effects are made again then.
///
/// A clone is another handle to the same checkpoints.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Checkpoint, Checkpoints, HandlerError, Identity};
/// use eventstream_persisted::SqliteCheckpoints;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let database = directory.path().join("db");
/// let mails = SqliteCheckpoints::builder(&database, "mails").open().await?;
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
///
/// let checkpoint = Checkpoint { offset: 7, incarnation: None };
/// mails.store(&shop, None, checkpoint).await.map_err(|error| error.to_string())?;
/// let stored = mails.load(&shop).await.map_err(|error| error.to_string())?;
/// assert_eq!(stored, Some(checkpoint));
///
/// // A replica that believes that there is none is told so.
/// let other = mails.store(&shop, None, checkpoint).await;
/// assert!(matches!(other, Err(HandlerError::Conflict)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteCheckpoints {
    session: Arc<Session>,
    places: Places,
}

impl SqliteCheckpoints {
    /// Begins to open the checkpoints of a consumer: in the database at `path`, which is created if
    /// it is not there.
    ///
    /// The name identifies the consumer in the database, and should never change: another name
    /// begins with the first event.
    pub fn builder(
        path: impl Into<PathBuf>,
        consumer: impl Into<String>,
    ) -> SqliteCheckpointsBuilder {
        SqliteCheckpointsBuilder::new(path.into(), consumer.into())
    }

    pub(super) fn new(session: Arc<Session>, places: Places) -> Self {
        Self { session, places }
    }

    /// The name of the consumer.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.places.consumer
    }

    /// A store for the events of this consumer that can't be handled, in the same database. It has
    /// a connection of its own.
    #[must_use]
    pub fn parked(&self) -> SqliteParked {
        let session = Session::new(self.session.database.clone());
        SqliteParked::new(session, self.places.consumer.clone())
    }
}

/// What fails is [`HandlerError::Retry`] with a [`SqliteError`]. What was asked for is done to its
/// end even if the future is dropped.
impl Checkpoints for SqliteCheckpoints {
    async fn load(&self, source: &Identity) -> Result<Option<Checkpoint>, HandlerError> {
        let (places, source) = (self.places.clone(), source.clone());
        let place = self
            .session
            .run("reading the checkpoint", move |link| places.load(link.sql(), &source))
            .await
            .map_err(SqliteError::into_handler_error)?;
        Ok(place.map(|it| Checkpoint { offset: it.offset, incarnation: it.incarnation }))
    }

    async fn store(
        &self,
        source: &Identity,
        expected: Option<Checkpoint>,
        checkpoint: Checkpoint,
    ) -> Result<(), HandlerError> {
        let (places, source) = (self.places.clone(), source.clone());
        let store = move |sql: &rusqlite::Connection| -> Result<bool, Fault> {
            let Checkpoint { offset, incarnation } = checkpoint;
            Ok(match expected {
                None => places.begin_at(sql, &Stream { source, incarnation }, offset)?,
                Some(expected) => places.replace(
                    sql,
                    &source,
                    (expected.offset, expected.incarnation),
                    (offset, incarnation),
                )?,
            })
        };
        let stored = self
            .session
            .run("storing the checkpoint", move |link| link.write(store))
            .await
            .map_err(SqliteError::into_handler_error)?;
        if stored { Ok(()) } else { Err(HandlerError::Conflict) }
    }
}
