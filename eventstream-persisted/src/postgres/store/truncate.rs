use eventstream_core::{Error, Result};
use tokio_postgres::types::Type;
use tracing::warn;

use super::PostgresStore;
use crate::postgres::{
    error::PostgresError,
    sql::{self, stored},
};

const ACTION: &str = "truncate events";
/// So many events are removed at a time.
const PIECE: i64 = 5_000;

impl PostgresStore {
    /// Moves the oldest offset, which is done at once, and then removes what lies below it, in pieces,
    /// so that nobody waits for long.
    pub(super) async fn truncate_before(&self, before: u64) -> Result<()> {
        let charter = &self.inner().charter;
        if !charter.has_in_range(before) || before > charter.limit() {
            return self.truncate_out_of_range(before).await;
        }
        let moved = self.move_oldest(before).await.map_err(Self::failed("truncate"))?;
        if !moved {
            self.check_not_past_the_end(before).await?;
        }
        self.inner().recent.truncate(before);
        if let Err(error) = self.remove().await {
            // Truncated it is. The space is given back another time.
            warn!(
                store = self.server(),
                error = &error as &dyn std::error::Error,
                "can't remove what was truncated"
            );
        }
        Ok(())
    }

    /// Moves the oldest offset, if it lies below and this is no more than the next one.
    async fn move_oldest(&self, before: u64) -> Result<bool, PostgresError> {
        let charter = &self.inner().charter;
        let [stream, incarnation] = charter.params();
        let update = charter.sql(
            "UPDATE @.streams SET oldest_offset = $3
             WHERE stream_id = $1 AND incarnation = $2::uuid AND oldest_offset < $3
                 AND next_offset >= $3 RETURNING 1",
        );
        let params = [stream, incarnation, (&stored(before), Type::INT8)];
        let lease = self.inner().pool.lend().await?;
        match lease.write(ACTION, &update, &params).await {
            Ok(rows) => Ok(!rows.is_empty()),
            Err(error) => {
                lease.discard();
                Err(error)
            }
        }
    }

    /// Removes all that is truncated: also what somebody else was interrupted at.
    async fn remove(&self) -> Result<(), PostgresError> {
        let charter = &self.inner().charter;
        let delete = charter.sql(
            "WITH gone AS (
                 SELECT event_offset FROM @.events WHERE stream_id = $1 AND event_offset <
                     (SELECT oldest_offset FROM @.streams
                      WHERE stream_id = $1 AND incarnation = $2::uuid)
                 ORDER BY event_offset LIMIT $3
             ), removed AS (
                 DELETE FROM @.events
                 WHERE stream_id = $1 AND event_offset IN (SELECT event_offset FROM gone)
             )
             SELECT count(*) FROM gone",
        );
        let [stream, incarnation] = charter.params();
        let params = [stream, incarnation, (&PIECE, Type::INT8)];
        loop {
            let rows = self.inner().pool.query(ACTION, &delete, &params).await?;
            let found: i64 = rows.first().map_or(0, |row| row.get(0));
            if found < PIECE {
                return Ok(());
            }
        }
    }

    async fn check_not_past_the_end(&self, before: u64) -> Result<()> {
        let bounds = self.inner().watch.look().await.map_err(Self::failed("truncate"))?;
        if before > bounds.next {
            return Err(Error::PastTheEnd { requested: before, next: bounds.next });
        }
        Ok(())
    }

    /// An offset that the stream can't have: below all of them, or past them.
    async fn truncate_out_of_range(&self, before: u64) -> Result<()> {
        if sql::is_high(self.inner().charter.first_offset) && !sql::is_high(before) {
            return Ok(());
        }
        self.check_not_past_the_end(before).await
    }
}
