use std::sync::Arc;

use tokio::sync::watch;

use super::Bounds;
use crate::{
    RecentEvents,
    postgres::{
        connection::Pool,
        error::{PostgresError, Result},
        sql::offset,
        store::Charter,
    },
};

/// What is known of the store, and how it came to be known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) bounds: Bounds,
    /// The number of the last look that is over: all that was asked for up to it is answered.
    pub(super) looks: u64,
    /// What the last look has failed with.
    pub(super) failure: Option<PostgresError>,
}

/// Looks at the store.
#[derive(Clone)]
pub(super) struct Looker {
    pub(super) charter: Arc<Charter>,
    pub(super) pool: Pool,
    pub(super) recent: RecentEvents,
    pub(super) known: watch::Sender<Known>,
}

impl Looker {
    /// Looks, and tells all who wait.
    pub(super) async fn look(&self, number: u64) {
        let found = self.bounds().await;
        let mut truncated = None;
        self.known.send_modify(|known| {
            known.looks = number;
            match found {
                Ok(bounds) => {
                    if bounds.oldest > known.bounds.oldest {
                        truncated = Some(bounds.oldest);
                        known.bounds.oldest = bounds.oldest;
                    }
                    known.bounds.next = known.bounds.next.max(bounds.next);
                    known.failure = None;
                }
                Err(error) => known.failure = Some(error),
            }
        });
        if let Some(oldest) = truncated {
            // By another process: what is gone must not be read here.
            self.recent.truncate(oldest);
        }
    }

    async fn bounds(&self) -> Result<Bounds> {
        let sql = self.charter.sql(
            "SELECT next_offset, oldest_offset FROM @.streams
             WHERE stream_id = $1 AND incarnation = $2::uuid",
        );
        let rows = self.pool.query("look at the events", &sql, &self.charter.params()).await?;
        let row = rows.first().ok_or_else(|| self.charter.replaced())?;
        Ok(Bounds { next: offset(row.get(0)), oldest: offset(row.get(1)) })
    }
}
