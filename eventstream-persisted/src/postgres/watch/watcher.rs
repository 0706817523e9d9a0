use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{
    Announcer, Bounds,
    listener::listen,
    look::{Known, Looker},
};
use crate::{
    RecentEvents,
    postgres::{
        connection::Pool,
        error::{PostgresError, Result},
        store::Charter,
    },
};

/// Knows what is committed, with the [`Announcer`] that tells it. Its tasks end when it is dropped.
pub(in crate::postgres) struct Watch {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the tasks and those who wait have in common.
pub(super) struct Shared {
    pub(super) charter: Arc<Charter>,
    pub(super) pool: Pool,
    /// Those who send are the tasks: when their runtime is shut down, whoever waits is told.
    known: watch::Receiver<Known>,
    /// The number of the last look that somebody has asked for.
    asked: AtomicU64,
    /// Tells the task that one was.
    wake: Notify,
    /// How many wait for events to come.
    waiting: AtomicUsize,
    /// Tells the one who listens that somebody waits.
    pub(super) first_waits: Notify,
}

impl Watch {
    pub(in crate::postgres) fn start(
        charter: Arc<Charter>,
        pool: Pool,
        recent: RecentEvents,
        (next, oldest): (u64, u64),
        interval: Duration,
        notifications: bool,
    ) -> (Self, Announcer) {
        let known = Known { bounds: Bounds { next, oldest }, looks: 0, failure: None };
        let (known, seen) = watch::channel(known);
        let shared = Arc::new(Shared {
            charter: charter.clone(),
            pool: pool.clone(),
            known: seen,
            asked: AtomicU64::new(0),
            wake: Notify::new(),
            waiting: AtomicUsize::new(0),
            first_waits: Notify::new(),
        });
        let looker = Looker { charter, pool, recent, known };
        let mut tasks = vec![tokio::spawn(watch(shared.clone(), looker.clone(), interval))];
        let (announcer, announcing) = Announcer::start(looker, notifications);
        tasks.extend(announcing);
        if notifications {
            tasks.push(tokio::spawn(listen(shared.clone(), interval)));
        }
        (Self { shared, tasks }, announcer)
    }

    /// Looks which events there are now.
    pub(in crate::postgres) async fn look(&self) -> Result<Bounds> {
        let mut known = self.shared.known.clone();
        let number = self.shared.ask();
        let seen = known.wait_for(|known| known.looks >= number).await;
        let seen = seen.map_err(|_| PostgresError::Stopped)?;
        match &seen.failure {
            Some(error) => Err(error.clone()),
            None => Ok(seen.bounds),
        }
    }

    /// Waits until an event at `offset` is committed; returns the next unused offset.
    pub(in crate::postgres) async fn wait_for(&self, offset: u64) -> Result<u64> {
        let mut known = self.shared.known.clone();
        if known.borrow().bounds.next > offset {
            return Ok(known.borrow().bounds.next);
        }
        let _waiting = Waiting::begin(&self.shared);
        // What was committed before is found by this look, and what is later, by one that follows.
        let number = self.shared.ask();
        let seen = known
            .wait_for(|known| {
                known.bounds.next > offset || (known.looks >= number && known.failure.is_some())
            })
            .await;
        let seen = seen.map_err(|_| PostgresError::Stopped)?;
        match &seen.failure {
            Some(error) if seen.bounds.next <= offset => Err(error.clone()),
            _ => Ok(seen.bounds.next),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    /// Asks for a look, which begins after this; returns its number.
    pub(super) fn ask(&self) -> u64 {
        let number = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake.notify_one();
        number
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }
}

/// Somebody who waits.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Self {
        if shared.waiting.fetch_add(1, Ordering::AcqRel) == 0 {
            shared.first_waits.notify_one();
            // So that the task begins to poll.
            shared.wake.notify_one();
        }
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Looks when it is asked to, and once in a while if somebody waits.
async fn watch(shared: Arc<Shared>, looker: Looker, poll: Duration) {
    let mut seen = 0;
    let mut last = Instant::now();
    loop {
        let woken = shared.wake.notified();
        let asked = shared.asked.load(Ordering::Acquire);
        if asked == seen {
            if shared.is_awaited() {
                tokio::select! {
                    () = woken => continue,
                    () = sleep_until(last + poll) => {}
                }
            } else {
                woken.await;
                continue;
            }
        }
        // Those that are asked for while it looks need another one.
        seen = shared.asked.load(Ordering::Acquire);
        looker.look(seen).await;
        last = Instant::now();
    }
}
