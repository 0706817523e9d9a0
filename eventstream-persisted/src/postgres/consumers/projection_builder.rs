use std::{fmt, sync::Arc, time::Duration};

use eventstream_core::{Apply, Result};

use super::{PostgresProjection, PostgresTx, places::Places};
use crate::postgres::{
    connection::{Connector, Link, Options, Url},
    error::{self, PostgresError},
    schema::Schema,
    sql::check_schema_name,
};

/// Opens a [`PostgresProjection`]: made by [`PostgresProjection::builder`].
#[must_use = "a builder does nothing until `open` is called"]
pub struct PostgresProjectionBuilder<A> {
    url: String,
    consumer: String,
    apply: A,
    schema: String,
    setup: Option<String>,
    options: Options,
}

impl<A: Apply<PostgresTx> + 'static> PostgresProjectionBuilder<A> {
    pub(super) fn new(url: String, consumer: String, apply: A) -> Self {
        let schema = "eventstream".to_owned();
        Self { url, consumer, apply, schema, setup: None, options: Options::default() }
    }

    /// Creates the tables that the effects go to: SQL that is run in a transaction each time the
    /// projection is opened, by one after another, so it should say `CREATE TABLE IF NOT EXISTS`.
    pub fn setup(mut self, sql: impl Into<String>) -> Self {
        self.setup = Some(sql.into());
        self
    }

    /// The schema that the offsets are in; by default `eventstream`.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// How long is waited for a connection to be made; by default 10 seconds, and from a millisecond to
    /// a day.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// How long is waited for locks that others have, such as another replica; by default 10 seconds,
    /// and from a millisecond to a day.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.lock_timeout = timeout;
        self
    }

    /// How long a statement may take; by default 30 seconds, and from a millisecond to a day.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = timeout;
        self
    }

    /// Opens the projection, and creates our tables if they are not there.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tables may have been created, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) with a [`PostgresError`] as its source: if
    /// the URL can't be used, the server can't be reached or does not let the user in, the tables are of
    /// a later version or can't be created, or `setup` fails.
    pub async fn open(self) -> Result<PostgresProjection<A>> {
        self.try_open().await.map_err(|error| error.into_error("open"))
    }

    async fn try_open(self) -> error::Result<PostgresProjection<A>> {
        if self.consumer.is_empty() || self.consumer.contains('\0') {
            return Err(PostgresError::NoConsumerName);
        }
        check_schema_name(&self.schema)?;
        let url: Url = self.url.parse()?;
        let connector = Connector::new(url, self.options);
        let link = connector.connect().await?;
        let schema = Schema { name: self.schema.as_str().into(), server: connector.server.clone() };
        schema.create(&link).await?;
        if let Some(setup) = &self.setup {
            set_up(&link, &schema, setup, &self.consumer).await?;
        }
        let places = Places { schema, consumer: self.consumer };
        Ok(PostgresProjection::new(connector, link, places, self.apply))
    }
}

/// Under a lock: of two who create the same table at once, PostgreSQL fails one.
async fn set_up(link: &Link, schema: &Schema, setup: &str, consumer: &str) -> error::Result<()> {
    link.begin().await?;
    schema.lock(link).await?;
    let done = link.client.batch_execute(setup).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = link.end("set up the tables", end).await;
    done.map_err(|error| PostgresError::SetUp {
        consumer: consumer.to_owned(),
        source: Arc::new(error),
    })?;
    ended
}

impl<A> fmt::Debug for PostgresProjectionBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresProjectionBuilder")
            .field("consumer", &self.consumer)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}
