use std::{fmt, sync::Arc};

use eventstream_core::HandlerError;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::{Row, types::ToSql};

use super::statement::ends_transaction;
use crate::postgres::{connection::Link, error::PostgresError};

/// The open transaction of a [`PostgresProjection`](crate::PostgresProjection), as what applies an
/// event gets it. A clone is another handle to the same transaction.
///
/// What is done in it is there if the event was handled *and* the offset moved with it, and else not
/// at all. In a batch all events have the same transaction.
///
/// # Contract
///
/// - The transaction is committed by the projection. Statements that would end it are refused; for
///   parts that may fail take a savepoint (`SAVEPOINT`, `ROLLBACK TO`, `RELEASE`).
/// - A statement that fails fails the event, also if its error is passed over: PostgreSQL goes on in
///   a transaction after an error only from a savepoint.
/// - A handle that is used after its transaction says so, and does not touch the database.
/// - While the transaction is open, the rows that it has written are locked. Whatever takes long, as a
///   call over the network, belongs elsewhere.
///
/// # Cancel safety
///
/// A call that is dropped may have been carried out.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Event, HandlerError};
/// use eventstream_persisted::PostgresTx;
///
/// async fn count(tx: PostgresTx, event: Event) -> Result<(), HandlerError> {
///     tx.execute(
///         "INSERT INTO counts (type, count) VALUES ($1, 1)
///          ON CONFLICT (type) DO UPDATE SET count = counts.count + 1",
///         &[&event.parcel.event_type()],
///     )
///     .await?;
///     let all: i64 = tx.query_one("SELECT sum(count)::bigint FROM counts", &[]).await?.get(0);
///     println!("{all} events so far");
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct PostgresTx(Arc<Mutex<Option<Link>>>);

impl PostgresTx {
    pub(super) fn new(link: Link) -> Self {
        Self(Arc::new(Mutex::new(Some(link))))
    }

    /// Takes the connection away from all handles, once none is using it.
    pub(super) async fn end(&self) -> Option<Link> {
        self.0.lock().await.take()
    }

    /// Runs a statement, which is kept prepared for the next time; returns how many rows it has
    /// inserted, updated or deleted.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Retry`] with a [`PostgresError`](crate::PostgresError) if the transaction is
    /// over or would be ended, and with what PostgreSQL says.
    pub async fn execute(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, HandlerError> {
        let link = self.link(sql).await?;
        let link = link.as_ref().ok_or(PostgresError::TransactionOver)?;
        let statement = link.prepared(sql).await?;
        Ok(link.client.execute(&statement, params).await?)
    }

    /// Runs a query, which is kept prepared for the next time.
    ///
    /// # Errors
    ///
    /// As for [`execute`](Self::execute).
    pub async fn query(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, HandlerError> {
        let link = self.link(sql).await?;
        let link = link.as_ref().ok_or(PostgresError::TransactionOver)?;
        let statement = link.prepared(sql).await?;
        Ok(link.client.query(&statement, params).await?)
    }

    /// Runs a query of one row, which is kept prepared for the next time.
    ///
    /// # Errors
    ///
    /// As for [`execute`](Self::execute); that there is no row, or several, is an error, too.
    pub async fn query_one(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, HandlerError> {
        let link = self.link(sql).await?;
        let link = link.as_ref().ok_or(PostgresError::TransactionOver)?;
        let statement = link.prepared(sql).await?;
        Ok(link.client.query_one(&statement, params).await?)
    }

    /// Runs a query of one row or none, which is kept prepared for the next time.
    ///
    /// # Errors
    ///
    /// As for [`execute`](Self::execute); that there are several rows is an error, too.
    pub async fn query_opt(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, HandlerError> {
        let link = self.link(sql).await?;
        let link = link.as_ref().ok_or(PostgresError::TransactionOver)?;
        let statement = link.prepared(sql).await?;
        Ok(link.client.query_opt(&statement, params).await?)
    }

    /// The connection, for a statement that does not end the transaction.
    async fn link(&self, sql: &str) -> Result<MutexGuard<'_, Option<Link>>, PostgresError> {
        if ends_transaction(sql) {
            return Err(PostgresError::TransactionEnded);
        }
        Ok(self.0.lock().await)
    }
}

impl fmt::Debug for PostgresTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTx").finish_non_exhaustive()
    }
}
