use std::{sync::Arc, time::Duration};

use eventstream_core::Parcel;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::jetstream::{
    core::Core,
    error::{JetStreamError, Result},
    read::{Delivered, Heard, Pull},
};

/// It goes on for so long after the last one has ceased to wait.
const LINGER: Duration = Duration::from_secs(10);
/// When it fails for so long, those who wait are told.
const PATIENCE: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// No more is handed to the cache at once.
const RUN: usize = 1_000;

/// Reads what is appended by anybody, while somebody waits for it: into the cache, and to wake those
/// who wait. What it hears is a hint, as they read at their own positions.
#[derive(Debug)]
pub(in crate::jetstream) struct Follower {
    waiting: watch::Sender<usize>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Starts the task, on the runtime that is around. It sleeps until somebody waits.
    pub(in crate::jetstream) fn start(core: Arc<Core>) -> Self {
        let (waiting, changes) = watch::channel(0);
        let task = tokio::spawn(Task { core, waiting: changes }.run());
        Self { waiting, task }
    }

    /// Has it follow for as long as the guard lives.
    pub(in crate::jetstream) fn wanted(&self) -> Waiting<'_> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        Waiting(&self.waiting)
    }

    /// Whether the task has ended, with its runtime.
    pub(in crate::jetstream) fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Somebody waits.
#[derive(Debug)]
pub(in crate::jetstream) struct Waiting<'a>(&'a watch::Sender<usize>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

struct Task {
    core: Arc<Core>,
    waiting: watch::Receiver<usize>,
}

impl Task {
    async fn run(mut self) {
        while self.waiting.wait_for(|waiting| *waiting > 0).await.is_ok() {
            self.follow().await;
        }
    }

    /// Follows until nobody waits any more.
    async fn follow(&mut self) {
        let mut good = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let started = self.core.progress.borrow().next;
            let Err(error) = self.session().await else { return };
            if self.core.progress.borrow().next > started {
                (good, pause) = (Instant::now(), FIRST_PAUSE);
            }
            tracing::debug!(stream = %self.core.link.stream, %error, "following again");
            if !error.is_retryable() || good.elapsed() > PATIENCE {
                self.core.failed(error);
                if *self.waiting.borrow() == 0 {
                    return;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Follows until nobody waits any more, or something fails.
    async fn session(&mut self) -> Result<()> {
        let mut next = self.core.info().await?.next();
        let headers_only = !self.core.keeps_recent;
        let mut pull = Pull::open(&self.core.link, next + 1, Vec::new(), headers_only).await?;
        loop {
            let heard = tokio::select! {
                heard = pull.next() => heard?,
                () = unwanted(&mut self.waiting) => return Ok(()),
            };
            match heard {
                Heard::Message(delivered) => next = self.take(&mut pull, next, delivered)?,
                // To be sure: that it is quiet does not say that it is well.
                Heard::Nothing => {
                    if self.core.info().await?.next() > next {
                        let problem = "events are there that have not come".to_owned();
                        let action = "deliver messages";
                        return Err(JetStreamError::NoAnswer { action, problem });
                    }
                }
            }
        }
    }

    /// Takes a message, and those that have come behind it; returns what is next.
    fn take(&self, pull: &mut Pull, expected: u64, first: Delivered) -> Result<u64> {
        let mut run = Run { first: expected, parcels: Vec::new() };
        let mut upcoming = Some(first);
        while let Some(delivered) = upcoming {
            self.add(&mut run, delivered);
            upcoming = if run.parcels.len() < RUN { pull.try_next()? } else { None };
        }
        self.core.committed(run.first, &run.parcels);
        Ok(run.next())
    }

    fn add(&self, run: &mut Run, delivered: Delivered) {
        let offset = delivered.offset();
        let parcel = if self.core.keeps_recent { Parcel::from_wire(delivered.content).ok() } else { None };
        if offset != run.next() || parcel.is_none() {
            // Something is missing: the cache begins anew behind it, and whoever reads there finds out.
            self.core.committed(run.first, &run.parcels);
            run.parcels.clear();
            run.first = offset;
        }
        match parcel {
            Some(parcel) => run.parcels.push(parcel),
            None => {
                run.first = offset + 1;
                self.core.saw(offset + 1);
            }
        }
    }
}

/// Events one after another.
struct Run {
    first: u64,
    parcels: Vec<Parcel>,
}

impl Run {
    fn next(&self) -> u64 {
        self.first + self.parcels.len() as u64
    }
}

/// Waits until nobody has waited for long.
async fn unwanted(waiting: &mut watch::Receiver<usize>) {
    loop {
        if waiting.wait_for(|waiting| *waiting == 0).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(LINGER) => return,
            again = waiting.wait_for(|waiting| *waiting > 0) => if again.is_err() {
                return;
            }
        }
    }
}
