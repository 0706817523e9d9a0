use std::{path::PathBuf, sync::Arc};

use eventstream_core::{Identity, Result};
use rusqlite::{Connection, Row};

use super::{
    SqliteConsumer, SqliteError, SqliteParked,
    database::Database,
    fault::Fault,
    link::Link,
    parked_table::Shelf,
    schema,
    session::{Session, blocking},
    stored::{Offset, StoredIncarnation, Time},
    table,
};

/// The consumers of a SQLite database, looked at from outside: what a tool needs to list, reset and
/// remove them, without the code that handles their events.
///
/// Consumers may be running meanwhile, in this process or in others.
///
/// A clone is another handle to the same connection.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Checkpoint, Checkpoints, Identity};
/// use eventstream_persisted::{SqliteCheckpoints, SqliteConsumers};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let database = directory.path().join("db");
/// # let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// # let mails = SqliteCheckpoints::builder(&database, "mails").open().await?;
/// # let checkpoint = Checkpoint { offset: 7, incarnation: None };
/// # mails.store(&shop, None, checkpoint).await.map_err(|error| error.to_string())?;
/// let consumers = SqliteConsumers::open(&database).await?;
/// for consumer in consumers.list().await? {
///     println!("{} {}: {}", consumer.name, consumer.application, consumer.next_offset);
/// }
/// assert!(consumers.reset("mails", &shop.key, 3).await?);
/// assert!(consumers.remove("mails", &shop.key).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteConsumers {
    session: Arc<Session>,
}

impl SqliteConsumers {
    /// Opens the database at `path`, which has to be there. It is not changed by that.
    ///
    /// # Cancel safety
    ///
    /// Opening changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) with a [`SqliteError`] as its source: if
    /// there is no file, or something else than a database, if no consumer was ever opened in it, or
    /// if its tables are of a later version.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        blocking(move || {
            let database = Database::existing(path).absolute()?;
            let link = Link::open(&database)?;
            schema::require(link.sql(), &database)
                .map_err(|fault| database.error("looking at the tables", fault))?;
            Ok(Self { session: Session::with_link(database, link) })
        })
        .await
        .map_err(|error: SqliteError| error.into_error("open"))
    }

    /// All consumers that have begun, in the order of their names, and of their applications' keys.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if they can't be read.
    pub async fn list(&self) -> Result<Vec<SqliteConsumer>> {
        const ACTION: &str = "listing the consumers";
        let listed = self.session.run(ACTION, |link| Ok(list(link.sql())?));
        listed.await.map_err(|error| error.into_error(ACTION))
    }

    /// Puts a consumer to another offset of an application's stream. Returns whether it is there.
    ///
    /// One that is running notices, and goes on from there.
    ///
    /// **The effects stay.** Events that come again have their effects again, and events that are
    /// passed over have none: undo the effects first, or remove the tables that they are in.
    ///
    /// Events from the offset on that were parked come again: that they were is forgotten. Those
    /// before it stay parked. The incarnation is forgotten, too: the offset is one of the stream
    /// that the consumer finds next.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the consumer is put there all the same, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be written.
    pub async fn reset(&self, consumer: &str, application_key: &str, offset: u64) -> Result<bool> {
        const ACTION: &str = "resetting a consumer";
        self.change(ACTION, consumer, application_key, move |shelf, sql| {
            let updated = sql.execute(
                "UPDATE eventstream_consumers
                 SET next_offset = ?3, incarnation = NULL, updated_at = ?4
                 WHERE consumer = ?1 AND application_key = ?2",
                (&shelf.consumer, &shelf.key, Offset(offset), Time::now()),
            )?;
            if updated == 1 {
                shelf.forget_from(sql, offset)?;
            }
            Ok(updated == 1)
        })
        .await
    }

    /// Removes a consumer of an application's stream, and its parked events. Returns whether there
    /// was anything of it.
    ///
    /// **The effects stay**, and a consumer of the name begins anew when it is started, or goes on
    /// running: with the first event.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the consumer is removed all the same, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be removed.
    pub async fn remove(&self, consumer: &str, application_key: &str) -> Result<bool> {
        const ACTION: &str = "removing a consumer";
        self.change(ACTION, consumer, application_key, |shelf, sql| {
            let mut removed = 0;
            for table in ["eventstream_consumers", "eventstream_parked"] {
                removed += sql.execute(
                    &format!("DELETE FROM {table} WHERE consumer = ?1 AND application_key = ?2"),
                    (&shelf.consumer, &shelf.key),
                )?;
            }
            Ok(removed > 0)
        })
        .await
    }

    /// The events that a consumer could not handle. That the consumer is there is not checked.
    #[must_use]
    pub fn parked(&self, consumer: impl Into<String>) -> SqliteParked {
        SqliteParked::new(self.session.clone(), consumer.into())
    }

    async fn change<T: Send + 'static>(
        &self,
        action: &'static str,
        consumer: &str,
        application_key: &str,
        work: impl FnOnce(&Shelf, &Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let of = Shelf { consumer: consumer.to_owned(), key: application_key.to_owned() };
        let done = self.session.run(action, move |link| link.write(|sql| work(&of, sql)));
        done.await.map_err(|error| error.into_error(action))
    }
}

fn list(sql: &Connection) -> rusqlite::Result<Vec<SqliteConsumer>> {
    let mut statement = sql.prepare_cached(
        "SELECT consumer, application_key, application_name, kind, next_offset, incarnation,
             updated_at,
             (SELECT count(*) FROM eventstream_parked parked
              WHERE parked.consumer = it.consumer
                  AND parked.application_key = it.application_key
                  AND parked.state IN ('parked', 'replaying'))
         FROM eventstream_consumers it ORDER BY consumer, application_key",
    )?;
    statement.query_map([], read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<SqliteConsumer> {
    let incarnation: Option<StoredIncarnation> = row.get(5)?;
    Ok(SqliteConsumer {
        name: row.get(0)?,
        application: Identity::new(row.get::<_, String>(2)?, row.get::<_, String>(1)?),
        kind: table::kind(row, 3)?,
        next_offset: row.get::<_, Offset>(4)?.0,
        incarnation: incarnation.map(|stored| stored.0),
        updated_at: row.get::<_, Time>(6)?.0,
        parked: row.get::<_, Offset>(7)?.0,
    })
}
