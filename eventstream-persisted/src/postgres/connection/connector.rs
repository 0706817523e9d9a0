use std::{error::Error as _, io, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::timeout};
use tokio_postgres::{
    AsyncMessage, Client, Connection, NoTls, Socket,
    error::SqlState,
    tls::{MakeTlsConnect, TlsStream},
};
use tracing::debug;

use super::{Link, Url};
use crate::postgres::error::{PostgresError, Result};

/// How long is waited, and for what.
#[derive(Clone, Debug)]
pub(in crate::postgres) struct Options {
    pub(in crate::postgres) connect_timeout: Duration,
    pub(in crate::postgres) lock_timeout: Duration,
    pub(in crate::postgres) statement_timeout: Duration,
    /// Whether a pooler in transaction mode stands before the server: then a connection has no state
    /// of its own between transactions.
    pub(in crate::postgres) pooled: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            pooled: false,
        }
    }
}

impl Options {
    /// What can be counted with, here and by the server, to which zero means without an end.
    fn bounded(self) -> Self {
        Self {
            connect_timeout: bounded(self.connect_timeout),
            lock_timeout: bounded(self.lock_timeout),
            statement_timeout: bounded(self.statement_timeout),
            pooled: self.pooled,
        }
    }

    /// How long an answer is waited for: longer than the server should take to give up by itself.
    pub(in crate::postgres) fn patience(&self) -> Duration {
        self.statement_timeout.max(self.lock_timeout) + self.connect_timeout
    }

    /// What a session or, with a pooler, a transaction begins with. The last one is for durability:
    /// what is acknowledged must be on disk.
    fn settings(&self) -> String {
        let local = if self.pooled { "LOCAL " } else { "" };
        let (lock, statement) = (self.lock_timeout.as_millis(), self.statement_timeout.as_millis());
        format!(
            "SET {local}lock_timeout = {lock}; SET {local}statement_timeout = {statement}; \
             SELECT set_config('synchronous_commit', 'on', {}) \
             WHERE current_setting('synchronous_commit') = 'off'",
            self.pooled
        )
    }
}

/// A duration as near to this one as is waited: a millisecond to a day.
pub(in crate::postgres) fn bounded(duration: Duration) -> Duration {
    duration.clamp(Duration::from_millis(1), Duration::from_secs(24 * 60 * 60))
}

/// Makes connections.
#[derive(Clone, Debug)]
pub(in crate::postgres) struct Connector {
    url: Url,
    pub(in crate::postgres) options: Options,
    /// The server and the database, for people.
    pub(in crate::postgres) server: Arc<str>,
}

impl Connector {
    pub(in crate::postgres) fn new(mut url: Url, options: Options) -> Self {
        let options = options.bounded();
        url.config.connect_timeout(options.connect_timeout);
        // A server that is gone without a word is noticed.
        url.config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(options.patience());
        if url.config.get_application_name().is_none() {
            url.config.application_name("eventstream");
        }
        let server = url.name().into();
        Self { url, options, server }
    }

    /// A connection for statements.
    pub(in crate::postgres) async fn connect(&self) -> Result<Link> {
        let client = self.open(None).await?;
        self.prepare(client).await
    }

    /// A connection that is told what others notify it of: each notification is passed on, and the
    /// channel ends with the connection.
    pub(in crate::postgres) async fn listen(
        &self,
        channel: &str,
    ) -> Result<(Link, mpsc::Receiver<()>)> {
        let (told, notified) = mpsc::channel(1);
        let link = self.prepare(self.open(Some(told)).await?).await?;
        link.batch("listen", &format!("LISTEN {}", crate::postgres::sql::quoted(channel))).await?;
        Ok((link, notified))
    }

    async fn prepare(&self, client: Client) -> Result<Link> {
        let link = Link::new(client, self.clone());
        if !self.options.pooled {
            link.batch("connect", &self.options.settings()).await?;
        }
        Ok(link)
    }

    /// What a transaction begins with.
    pub(super) fn begin(&self) -> String {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
        if self.options.pooled {
            format!("{begin}; {}", self.options.settings())
        } else {
            begin.to_owned()
        }
    }

    /// What the driver says, with what it was about.
    pub(in crate::postgres) fn error(
        &self,
        action: &'static str,
        error: tokio_postgres::Error,
    ) -> PostgresError {
        let (server, state) = (self.server.to_string(), error.code().cloned());
        let source = Arc::new(error);
        match state {
            Some(SqlState::INSUFFICIENT_PRIVILEGE) => {
                PostgresError::Denied { action, server, source }
            }
            Some(SqlState::READ_ONLY_SQL_TRANSACTION) => PostgresError::ReadOnly { server, source },
            Some(SqlState::LOCK_NOT_AVAILABLE) => {
                PostgresError::Locked { waited: self.options.lock_timeout }
            }
            _ => PostgresError::Failed { action, server, source },
        }
    }

    async fn open(&self, told: Option<mpsc::Sender<()>>) -> Result<Client> {
        let opened = timeout(self.options.connect_timeout, async {
            match self.url.tls.maker() {
                Some(maker) => self.open_with(maker, told).await,
                None => self.open_with(NoTls, told).await,
            }
        });
        opened.await.unwrap_or_else(|_| {
            let waited = self.options.connect_timeout;
            Err(PostgresError::TimedOut { server: self.server.to_string(), waited })
        })
    }

    async fn open_with<T>(&self, tls: T, told: Option<mpsc::Sender<()>>) -> Result<Client>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let connected = self.url.config.connect(tls).await;
        let (client, connection) = connected.map_err(|error| self.refusal(error))?;
        tokio::spawn(drive(connection, told));
        Ok(client)
    }

    /// Why there is no connection.
    fn refusal(&self, error: tokio_postgres::Error) -> PostgresError {
        let (server, state) = (self.server.to_string(), error.code().cloned());
        let source = Arc::new(error);
        match state {
            Some(SqlState::INVALID_CATALOG_NAME) => PostgresError::NoDatabase { server, source },
            Some(state) if state.code().starts_with("28") => {
                PostgresError::LoginRefused { server, source }
            }
            None if is_about_login(&source) => PostgresError::LoginRefused { server, source },
            None => PostgresError::Unreachable { server, source },
            Some(_) => PostgresError::Failed { action: "connect", server, source },
        }
    }
}

/// Whether the driver itself gave up: over a password, or over encryption. It tells by its text only.
fn is_about_login(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    if text.starts_with("error performing TLS handshake") {
        // A connection that broke off is none.
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        return io.is_none_or(|io| io.kind() != io::ErrorKind::UnexpectedEof)
            && io.is_none_or(|io| io.kind() != io::ErrorKind::ConnectionReset);
    }
    text.starts_with("authentication error") || text.starts_with("invalid configuration")
}

/// Moves what is sent and received, until the client is dropped or the connection is lost.
async fn drive<T>(mut connection: Connection<Socket, T>, told: Option<mpsc::Sender<()>>)
where
    T: TlsStream + Unpin,
{
    loop {
        let message = std::future::poll_fn(|cx| connection.poll_message(cx)).await;
        match message {
            Some(Ok(AsyncMessage::Notification(_))) => {
                // One that waits to be looked at stands for all.
                if let Some(told) = &told {
                    let _ = told.try_send(());
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                debug!(error = &error as &dyn std::error::Error, "a connection was lost");
                return;
            }
            None => return,
        }
    }
}
