use std::{fmt, time::Duration};

use eventstream_core::{Identity, Result};

use super::{PostgresStore, opening};
use crate::postgres::{
    connection::{Connector, Options, Url, bounded},
    error::PostgresError,
    sql::check_schema_name,
};

/// With notifications, and without, so often others' commits are looked for.
const POLL: Duration = Duration::from_secs(1);
const POLL_WITHOUT_NOTIFICATIONS: Duration = Duration::from_millis(100);

/// Opens or creates a [`PostgresStore`]: made by [`PostgresStore::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct PostgresStoreBuilder {
    url: String,
    pub(super) schema: String,
    pub(super) application: Option<Identity>,
    pub(super) application_key: Option<String>,
    pub(super) first_offset: u64,
    pub(super) recent_events: usize,
    pub(super) recent_bytes: usize,
    pub(super) restored: bool,
    pub(super) notifications: bool,
    poll_interval: Option<Duration>,
    pub(super) connections: usize,
    options: Options,
}

/// Without the URL: there may be a password in it.
impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("schema", &self.schema)
            .field("application", &self.application)
            .field("application_key", &self.application_key)
            .finish_non_exhaustive()
    }
}

impl PostgresStoreBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            schema: "eventstream".to_owned(),
            application: None,
            application_key: None,
            first_offset: 0,
            recent_events: 1024,
            recent_bytes: 1024 * 1024,
            restored: false,
            notifications: true,
            poll_interval: None,
            connections: 4,
            options: Options::default(),
        }
    }

    /// Creates the store for this application's events, and the tables, if they are not there.
    ///
    /// A schema keeps the events of any number of applications, told apart by their keys. By default
    /// a store that is not there is an error.
    pub fn create_for(mut self, application: Identity) -> Self {
        self.application = Some(application);
        self
    }

    /// Opens the store of the application with this key. It is not needed if the schema keeps the
    /// events of one application only.
    pub fn application_key(mut self, key: impl Into<String>) -> Self {
        self.application_key = Some(key.into());
        self
    }

    /// The schema that the tables are in; by default `eventstream`.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// The offset of the first event, if the store is created; by default 0.
    ///
    /// The offsets of a store that begins below 2^63 end there.
    pub fn first_offset(mut self, offset: u64) -> Self {
        self.first_offset = offset;
        self
    }

    /// How many of the events that this process appended last are kept in memory, for streams; by
    /// default 1,024, and none with 0. See also [`recent_bytes`](Self::recent_bytes).
    pub fn recent_events(mut self, events: usize) -> Self {
        self.recent_events = events;
        self
    }

    /// How many bytes the events have at most that are kept in memory; by default a mebibyte.
    pub fn recent_bytes(mut self, bytes: usize) -> Self {
        self.recent_bytes = bytes;
        self
    }

    /// Says that the database was restored from a copy: the store gets a new
    /// [incarnation](PostgresStore::incarnation), so that nobody takes it for the one that the copy
    /// was made of. To be said once, by the first who opens it then.
    pub fn restored(mut self) -> Self {
        self.restored = true;
        self
    }

    /// Whether commits are told to others by `NOTIFY`, and those of others heard of by `LISTEN`, on
    /// a connection of its own; by default they are.
    ///
    /// It is a hint only: what is not told is found by [polling](Self::poll_interval).
    pub fn notifications(mut self, notifications: bool) -> Self {
        self.notifications = notifications;
        self
    }

    /// Says that a pooler in transaction mode stands before the server, such as `PgBouncer`: nothing
    /// is kept in a session then, no prepared statements and no settings, and there are no
    /// [notifications](Self::notifications).
    ///
    /// Of the time limits, [`lock_timeout`](Self::lock_timeout) and
    /// [`statement_timeout`](Self::statement_timeout) are set for what is appended and truncated;
    /// reading has them on our side only.
    pub fn transaction_pooler(mut self) -> Self {
        self.options.pooled = true;
        self.notifications = false;
        self
    }

    /// How often is looked for what others have appended, while somebody waits for it; by default
    /// once a second, and ten times a second without [notifications](Self::notifications). As with all
    /// that is waited for here, it is a millisecond at least, and a day at most.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = Some(bounded(interval));
        self
    }

    /// How many connections there are at most for reading; by default 4. There are one more for
    /// appending, and one to listen.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How long is waited for a connection to be made; by default 10 seconds, and from a millisecond to
    /// a day.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// How long is waited while another transaction, such as one with
    /// [`append_in`](PostgresStore::append_in), holds the lock of those who append; by default 10
    /// seconds, and from a millisecond to a day. After that there is an error, and nothing was stored.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.lock_timeout = timeout;
        self
    }

    /// How long a statement may take; by default 30 seconds, and from a millisecond to a day.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = timeout;
        self
    }

    pub(super) fn polls(&self) -> Duration {
        let default = if self.notifications { POLL } else { POLL_WITHOUT_NOTIFICATIONS };
        self.poll_interval.unwrap_or(default)
    }

    pub(super) fn connector(&self) -> Result<Connector, PostgresError> {
        check_schema_name(&self.schema)?;
        let url: Url = self.url.parse()?;
        Ok(Connector::new(url, self.options.clone()))
    }

    /// The applications whose events the schema keeps, in the order of their keys.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) with a [`PostgresError`] as its source:
    /// also if there are no tables of ours.
    pub async fn applications(&self) -> Result<Vec<Identity>> {
        opening::applications(self).await.map_err(|error| error.into_error("open"))
    }

    /// Opens the store.
    ///
    /// A database that can be read only, such as a replica, is opened for reading: appending is an
    /// error then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the store may have been created, whole, or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) with a [`PostgresError`] as its source;
    /// [`Error::InvalidEnvelope`](eventstream_core::Error::InvalidEnvelope) if the application it is
    /// to be created for has no name, no key, or a key with white space in it.
    pub async fn open(self) -> Result<PostgresStore> {
        if let Some(application) = &self.application {
            application.check("source_application")?;
        }
        opening::open(&self).await.map_err(|error| error.into_error("open"))
    }
}
