use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use tokio::time::timeout;
use tokio_postgres::{
    Client, Error, Row, Statement,
    error::SqlState,
    types::{ToSql, Type},
};

use super::Connector;
use crate::postgres::error::{PostgresError, Result};

/// Statements that a connection keeps prepared: ours, and those of the user.
const STATEMENTS: usize = 128;

/// A value for a statement, and its type, so that the server need not be asked for it.
pub(in crate::postgres) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// A connection.
///
/// Statements are kept prepared, unless a pooler might hand the next one to another server.
pub(in crate::postgres) struct Link {
    pub(in crate::postgres) client: Client,
    connector: Connector,
    /// Whether a transaction was begun that is not known to have ended.
    is_open: AtomicBool,
    /// Whether something has failed on it that will fail again: only a new one can do better.
    is_spent: AtomicBool,
    statements: Mutex<HashMap<String, Statement>>,
}

impl Link {
    pub(super) fn new(client: Client, connector: Connector) -> Self {
        Self {
            client,
            connector,
            is_open: AtomicBool::new(false),
            is_spent: AtomicBool::new(false),
            statements: Mutex::default(),
        }
    }

    /// Whether nothing may be kept in the session, as a pooler stands before the server.
    pub(in crate::postgres) fn is_pooled(&self) -> bool {
        self.connector.options.pooled
    }

    /// Runs a statement. By itself it is a transaction.
    pub(in crate::postgres) async fn query(
        &self,
        action: &'static str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>> {
        self.timed(action, self.run(sql, params)).await
    }

    /// Runs a statement in a transaction that is begun and committed with it, without waiting in
    /// between: so it has the settings of [`Options`] with a pooler, too.
    pub(in crate::postgres) async fn write(
        &self,
        action: &'static str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>> {
        if !self.connector.options.pooled {
            return self.query(action, sql, params).await;
        }
        let opening = self.connector.begin();
        let all = async {
            let ((begun, rows), ended) = join(
                join(self.client.batch_execute(&opening), self.run(sql, params)),
                // If the statement has failed, that ends the transaction without it.
                self.client.batch_execute("COMMIT"),
            )
            .await;
            begun?;
            let rows = rows?;
            ended.map(|()| rows)
        };
        self.timed(action, all).await
    }

    pub(in crate::postgres) async fn begin(&self) -> Result<()> {
        self.is_open.store(true, Ordering::Relaxed);
        self.batch("begin a transaction", &self.connector.begin()).await
    }

    /// Ends the transaction that was begun.
    pub(in crate::postgres) async fn end(&self, action: &'static str, how: &str) -> Result<()> {
        self.batch(action, how).await?;
        self.is_open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether it can be used by somebody else: it is there, the server has answered on it, and takes
    /// writes if any were asked for, and no transaction was left open on it.
    pub(in crate::postgres) fn is_usable(&self) -> bool {
        !self.client.is_closed()
            && !self.is_open.load(Ordering::Relaxed)
            && !self.is_spent.load(Ordering::Relaxed)
    }

    /// Runs statements without parameters.
    pub(in crate::postgres) async fn batch(&self, action: &'static str, sql: &str) -> Result<()> {
        self.timed(action, self.client.batch_execute(sql)).await
    }

    async fn run(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        if self.connector.options.pooled {
            return self.client.query_typed(sql, params).await;
        }
        let statement = self.prepare(sql, params).await?;
        let values: Vec<_> = params.iter().map(|(value, _)| *value).collect();
        let done = self.client.query(&statement, &values).await;
        if let Err(error) = &done
            && [Some(&SqlState::FEATURE_NOT_SUPPORTED), Some(&SqlState::INVALID_SQL_STATEMENT_NAME)]
                .contains(&error.code())
        {
            // The tables have changed since it was prepared, or the server has forgotten it.
            self.statements().clear();
        }
        done
    }

    /// A statement of somebody else's, whose parameters have the types that the server says.
    pub(in crate::postgres) async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        self.prepare(sql, &[]).await
    }

    async fn prepare(&self, sql: &str, params: &[Param<'_>]) -> Result<Statement, Error> {
        if let Some(known) = self.statements().get(sql) {
            return Ok(known.clone());
        }
        let types: Vec<_> = params.iter().map(|(_, type_)| type_.clone()).collect();
        let statement = self.client.prepare_typed(sql, &types).await?;
        let mut statements = self.statements();
        if statements.len() >= STATEMENTS {
            // Made up anew each time, most likely: those are not worth keeping.
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn timed<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T> {
        let waited = self.connector.options.patience();
        let done = match timeout(waited, work).await {
            Ok(done) => done.map_err(|error| self.connector.error(action, error)),
            Err(_) => {
                Err(PostgresError::TimedOut { server: self.connector.server.to_string(), waited })
            }
        };
        if let Err(error) = &done
            && error.needs_other_connection()
        {
            // It may look open for long: a server that is gone without a word closes nothing, and a
            // replica keeps its sessions.
            self.is_spent.store(true, Ordering::Relaxed);
        }
        done
    }
}

/// Both at once: what is sent for the second does not wait for an answer to the first. A statement that
/// has to be prepared is sent in two steps, so that the first one should be none.
pub(in crate::postgres) async fn join<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    let (mut one, mut other) = (None, None);
    std::future::poll_fn(|cx| {
        fn poll<T>(
            future: &mut Pin<&mut impl Future<Output = T>>,
            done: &mut Option<T>,
            cx: &mut std::task::Context<'_>,
        ) -> bool {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
            done.is_some()
        }
        let is_done = poll(&mut first, &mut one, cx) & poll(&mut second, &mut other, cx);
        match (is_done, one.take(), other.take()) {
            (true, Some(one), Some(other)) => Poll::Ready((one, other)),
            (_, first, second) => {
                (one, other) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}
