use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Row;

use super::{Connector, Link, Param};
use crate::postgres::error::Result;

/// Connections that are lent, a bounded number of them. Whoever comes when all are lent waits.
#[derive(Clone)]
pub(in crate::postgres) struct Pool {
    pub(in crate::postgres) connector: Connector,
    room: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Link>>>,
}

impl Pool {
    pub(in crate::postgres) fn new(connector: Connector, size: usize) -> Self {
        let room = Arc::new(Semaphore::new(size.clamp(1, 1000)));
        Self { connector, room, idle: Arc::default() }
    }

    /// Runs a statement by itself. If its connection is lost it is tried once more on a new one: for
    /// statements that may be run twice.
    pub(in crate::postgres) async fn query(
        &self,
        action: &'static str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>> {
        // It is large, and what waits for events for most of its life has no need to be.
        Box::pin(self.try_twice(action, sql, params)).await
    }

    async fn try_twice(
        &self,
        action: &'static str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>> {
        let lease = self.lend().await?;
        match lease.query(action, sql, params).await {
            Err(error) if error.is_lost() && lease.was_idle => {
                // The others will have been lost with it.
                self.idle().clear();
                drop(lease);
                self.lend().await?.query(action, sql, params).await
            }
            done => done,
        }
    }

    /// A connection of its own, for a while.
    pub(in crate::postgres) async fn lend(&self) -> Result<Lease> {
        let permit = self.room.clone().acquire_owned().await.ok();
        let idle = loop {
            match self.idle().pop() {
                Some(link) if !link.is_usable() => {}
                found => break found,
            }
        };
        let was_idle = idle.is_some();
        let link = match idle {
            Some(link) => link,
            None => self.connector.connect().await?,
        };
        Ok(Lease { link: Some(link), was_idle, pool: self.clone(), _permit: permit })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back to the pool, unless it is [discarded](Self::discard), or dropped in the
/// middle of a transaction.
pub(in crate::postgres) struct Lease {
    link: Option<Link>,
    was_idle: bool,
    pool: Pool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Closes the connection, and whatever is open on it.
    pub(in crate::postgres) fn discard(mut self) {
        self.link = None;
    }
}

impl Deref for Lease {
    type Target = Link;

    fn deref(&self) -> &Link {
        // It is taken when the lease ends, and not before.
        self.link.as_ref().expect("a lease has a connection")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(link) = self.link.take()
            && link.is_usable()
        {
            self.pool.idle().push(link);
        }
    }
}
