use std::ops::Range;

use eventstream_core::{Error, Expect, Parcel, Result as CoreResult};
use tokio_postgres::{Row, Transaction, types::Type};

use super::{
    PostgresStore,
    commit::{self, ACTION, Run},
    insert,
};
use crate::{
    group_commit::Append,
    postgres::{connection::Param, error::Result},
};

impl PostgresStore {
    /// Appends in a transaction of the caller's own, in the same database: the events are there if it
    /// is committed, together with what else was done in it, and else not at all. So no *outbox* is
    /// needed.
    ///
    /// # Keep the transaction short
    ///
    /// **From here on until the transaction ends, all others who append to this application's events
    /// wait for it**, in all processes: their offsets come after. So append last, and commit at once.
    /// A call over the network in between, or a transaction that is forgotten, holds up everybody,
    /// until their [lock timeout](crate::PostgresStoreBuilder::lock_timeout) fails their appends.
    ///
    /// # Contract
    ///
    /// - The offsets are the events' if the transaction is committed. If it is not they are given to
    ///   others: tell nobody before.
    /// - Whoever follows the events is told when the transaction is committed, if
    ///   [notifications](crate::PostgresStoreBuilder::notifications) are on, and finds them by polling
    ///   else.
    /// - The transaction has to be one of the [`tokio_postgres`](crate::tokio_postgres) that this crate
    ///   hands on, to the database that the store is in, and `READ COMMITTED`, as it is by default. In a
    ///   stricter one PostgreSQL fails it if others have appended since it has begun.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the events may be in the transaction, or not: roll it back.
    ///
    /// # Errors
    ///
    /// As for [`append`](eventstream_core::EventStore::append). After an [`Error::Backend`] the
    /// transaction can only be rolled back, as after any statement that PostgreSQL has failed; after
    /// the others it can go on, and nothing was appended.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Expect, Parcel};
    /// use eventstream_persisted::{PostgresStore, tokio_postgres::Client};
    ///
    /// async fn pay(
    ///     client: &mut Client,
    ///     store: &PostgresStore,
    ///     order: i64,
    ///     paid: Parcel,
    /// ) -> Result<(), Box<dyn std::error::Error>> {
    ///     let tx = client.transaction().await?;
    ///     tx.execute("UPDATE orders SET paid = true WHERE id = $1", &[&order]).await?;
    ///     // Last, as all others who append wait from here on.
    ///     store.append_in(&tx, vec![paid], Expect::Any).await?;
    ///     tx.commit().await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn append_in(
        &self,
        tx: &Transaction<'_>,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> CoreResult<Range<u64>> {
        let append = Append::new(self.application(), parcels, expect, insert::MAX_PARCEL)?;
        insert::check(&append)?;
        let run = InTransaction { tx, store: self };
        let batch = [append];
        let stored = commit::store(&run, &self.inner().charter, &batch).await;
        let mut stored = stored.map_err(Self::failed("append"))?;
        if self.inner().notifications && !stored.parcels.is_empty() {
            let channel = &*self.inner().charter.channel;
            let told = run.rows("SELECT pg_notify($1, '')", &[(&channel, Type::TEXT)]).await;
            told.map_err(Self::failed("append"))?;
        }
        let nothing = || Err(Error::backend("append", false, "there is no outcome"));
        stored.outcomes.pop().unwrap_or_else(nothing)
    }
}

struct InTransaction<'a> {
    tx: &'a Transaction<'a>,
    store: &'a PostgresStore,
}

impl Run for InTransaction<'_> {
    async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let done = self.tx.query_typed(sql, params).await;
        done.map_err(|error| self.store.inner().pool.connector.error(ACTION, error))
    }
}
