use std::fmt;

use eventstream_core::{Event, Identity, ParkedEvent, ParkedEvents, Result};

use super::shelf::Shelf;
use crate::postgres::{
    connection::{Lease, Pool},
    error::{self, PostgresError},
    schema::Schema,
};

/// The events that a consumer could not handle, in a PostgreSQL database: made by
/// [`PostgresProjection::parked`](crate::PostgresProjection::parked).
///
/// A parked event of a projection that is replayed is handled and forgotten in one transaction.
///
/// A clone is another handle to the same events. They have one connection, which is made when it is
/// needed first.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Identity, ParkedEvents, Result};
/// use eventstream_persisted::PostgresParked;
///
/// async fn replay_all(parked: &PostgresParked, shop: &Identity) -> Result<()> {
///     for it in parked.list(shop, 0, 100).await? {
///         println!("{}: {}", it.event.offset, it.error);
///         parked.replay(shop, it.event.offset).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct PostgresParked {
    pool: Pool,
    schema: Schema,
    consumer: String,
}

impl PostgresParked {
    pub(super) fn new(pool: Pool, schema: Schema, consumer: String) -> Self {
        Self { pool, schema, consumer }
    }

    /// The name of the consumer.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.consumer
    }

    fn shelf(&self, source: &Identity) -> Shelf {
        Shelf {
            schema: self.schema.clone(),
            consumer: self.consumer.clone(),
            key: source.key.clone(),
        }
    }

    async fn lend(&self, source: &Identity) -> Result<(Shelf, Lease)> {
        let lease = self.pool.lend().await.map_err(failed)?;
        Ok((self.shelf(source), lease))
    }

    async fn park_in_turn(&self, source: &Identity, offset: u64) -> error::Result<bool> {
        let lease = self.pool.lend().await?;
        lease.begin().await?;
        let parked = self.shelf(source).park(&lease, offset).await?;
        lease.end("park an event", "COMMIT").await?;
        Ok(parked)
    }
}

fn failed(error: PostgresError) -> eventstream_core::Error {
    error.into_error("looking after parked events")
}

impl ParkedEvents for PostgresParked {
    async fn failed(&self, source: &Identity, event: &Event, error: &str) -> Result<u32> {
        let (of, link) = self.lend(source).await?;
        of.failed(&link, event, error).await.map_err(failed)
    }

    async fn park(&self, source: &Identity, offset: u64) -> Result<bool> {
        self.park_in_turn(source, offset).await.map_err(failed)
    }

    async fn resume(&self, source: &Identity, offset: u64) -> Result<Vec<u64>> {
        let (of, link) = self.lend(source).await?;
        of.forget_notes_below(&link, offset).await.map_err(failed)?;
        of.parked_from(&link, offset).await.map_err(failed)
    }

    async fn list(&self, source: &Identity, offset: u64, max: usize) -> Result<Vec<ParkedEvent>> {
        let (of, link) = self.lend(source).await?;
        of.list(&link, offset, max).await.map_err(failed)
    }

    async fn count(&self, source: &Identity) -> Result<u64> {
        let (of, link) = self.lend(source).await?;
        of.count(&link).await.map_err(failed)
    }

    async fn replay(&self, source: &Identity, offset: u64) -> Result<bool> {
        let (of, link) = self.lend(source).await?;
        of.replay(&link, offset).await.map_err(failed)
    }

    async fn next_replay(&self, source: &Identity) -> Result<Option<ParkedEvent>> {
        let (of, link) = self.lend(source).await?;
        of.next_replay(&link).await.map_err(failed)
    }

    async fn remove(&self, source: &Identity, offset: u64) -> Result<bool> {
        let (of, link) = self.lend(source).await?;
        of.remove(&link, offset).await.map_err(failed)
    }
}

impl fmt::Debug for PostgresParked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresParked")
            .field("server", &self.schema.server)
            .field("consumer", &self.consumer)
            .finish_non_exhaustive()
    }
}
