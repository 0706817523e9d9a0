use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::run::Run;
use crate::jetstream::{
    core::Core,
    error::{JetStreamError, Result},
    read::{Heard, Pull},
};

/// It goes on for so long after the last one has ceased to wait.
const LINGER: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

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
            let mut was_well = false;
            let Err(error) = self.session(&mut was_well).await else { return };
            self.core.last_known.doubt();
            if was_well {
                (good, pause) = (Instant::now(), FIRST_PAUSE);
            }
            tracing::debug!(stream = %self.core.link.stream, %error, "following again");
            if !error.is_retryable() || good.elapsed() > self.core.timeout {
                self.core.failed(error.or_replaced());
                if *self.waiting.borrow() == 0 {
                    return;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Follows until nobody waits any more, or something fails; says whether anything was heard before
    /// that. A stream where nothing happens is well, too.
    async fn session(&mut self, was_well: &mut bool) -> Result<()> {
        let next = self.core.info().await?.next();
        let headers_only = !self.core.keeps_recent;
        let mut pull = Pull::open(&self.core.link, next + 1, Vec::new(), headers_only).await?;
        let mut run = Run::new(&self.core, next);
        loop {
            let heard = tokio::select! {
                heard = pull.next() => heard?,
                () = unwanted(&mut self.waiting) => return Ok(()),
            };
            match heard {
                Heard::Message(delivered) => {
                    *was_well = true;
                    run.add(delivered);
                    while !run.is_full()
                        && let Some(delivered) = pull.try_next()?
                    {
                        run.add(delivered);
                    }
                    run.commit();
                }
                // To be sure: that it is quiet does not say that it is well.
                Heard::Nothing => {
                    if self.core.info().await?.next() > run.next() {
                        let problem = "events are there that have not come".to_owned();
                        let action = "deliver messages";
                        return Err(JetStreamError::NoAnswer { action, problem });
                    }
                    *was_well = true;
                }
            }
        }
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
