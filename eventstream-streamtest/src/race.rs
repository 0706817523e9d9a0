//! Calls that race with what a case does.

use std::{
    future::Future,
    hint::spin_loop,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{
        Notify,
        mpsc::{self, error::TryRecvError},
    },
};

use crate::{
    failure::{Check, fail},
    hand::Hand,
};

/// So long a thread spins for what should come at once.
const SPIN: Duration = Duration::from_micros(50);

/// Calls of one round at most that are given up: each may cost something.
const CALLS: usize = 2_000;

/// What waits for what a case does, and may be dropped while it waits.
pub(crate) trait Racer: Send + 'static {
    /// What comes of it.
    type Output: Send + 'static;

    /// Waits for what comes next.
    fn call(&mut self) -> impl Future<Output = Self::Output> + Send;
}

/// A racer on a thread of its own, which begins to wait over and over, until the case has acted.
///
/// So the act comes while the racer is anywhere in its call: also between its look and its
/// listening, if it is in this order. With two processors it is so because both threads run, and
/// with one, because the thread that reads is interrupted there. Two tasks would not do: a call
/// gives way to another task only where it waits.
pub(crate) struct Race<T> {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    results: mpsc::UnboundedReceiver<T>,
    round: usize,
}

/// Each round has a number. These are the last ones in which …
#[derive(Default)]
struct Shared {
    /// … the racer is to wait.
    started: AtomicUsize,
    /// … it has found nothing.
    reading: AtomicUsize,
    /// … the case has begun to act.
    begun: AtomicUsize,
    /// … the case has acted.
    done: AtomicUsize,
    stopped: AtomicBool,
    stop: Notify,
}

impl<T: Send + 'static> Race<T> {
    /// The racer stays in the runtime that it was made in, whose threads drive it.
    pub(crate) fn start(racer: impl Racer<Output = T>) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, results) = mpsc::unbounded_channel();
        let (handle, racing) = (Handle::current(), Arc::clone(&shared));
        let thread = thread::spawn(move || handle.block_on(race(racer, &racing, &sender)));
        Self { shared, thread: Some(thread), results, round: 0 }
    }

    /// Begins a round. The case has to act at once, with nothing to be done before it.
    pub(crate) fn begin(&mut self) {
        self.round += 1;
        self.shared.started.store(self.round, Ordering::SeqCst);
        // If the thread has ended, there is nothing to wait for.
        let ended = || self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        wait_until(|| self.shared.reading.load(Ordering::SeqCst) >= self.round || ended());
        if self.round.is_multiple_of(4) {
            // Whoever wakes up interrupts another thread, wherever that is.
            thread::sleep(Duration::from_micros(1));
        } else {
            (0..fastrand::u32(..200)).for_each(|_| spin_loop());
        }
        self.shared.begun.store(self.round, Ordering::SeqCst);
    }

    /// What the racer has got; to be asked for when the case has acted.
    pub(crate) async fn finish(&mut self) -> Check<T> {
        self.shared.done.store(self.round, Ordering::SeqCst);
        let start = Instant::now();
        while start.elapsed() < SPIN {
            match self.results.try_recv() {
                Ok(got) => return Ok(got),
                Err(TryRecvError::Empty) => spin_loop(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        if let Some(got) = self.results.recv().await {
            return Ok(got);
        }
        self.join();
        fail!("the thread that waits has ended")
    }

    /// Drops the racer, between two rounds.
    pub(crate) async fn end(mut self) {
        self.shared.stop();
        while self.results.recv().await.is_some() {}
        self.join();
    }

    /// The thread comes to its end. A panic there is one of the case.
    fn join(&mut self) {
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
    }
}

impl<T> Drop for Race<T> {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Shared {
    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.stop.notify_one();
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// The thread that waits.
async fn race<R: Racer>(mut racer: R, shared: &Shared, sender: &mpsc::UnboundedSender<R::Output>) {
    for round in 1.. {
        wait_until(|| shared.started.load(Ordering::SeqCst) >= round || shared.is_stopped());
        let Some(got) = one_round(&mut racer, shared, round).await else {
            return;
        };
        // Nobody listens any more if the case has ended.
        if sender.send(got).is_err() {
            return;
        }
    }
}

/// What the racer gets in this round, unless it is stopped.
async fn one_round<R: Racer>(racer: &mut R, shared: &Shared, round: usize) -> Option<R::Output> {
    // The call that the act comes into must be the last one: another would make good for it. Which
    // one that is can't be known, only guessed; a slow act has its effect towards its end.
    let mut calls_to_go = if fastrand::bool() { fastrand::usize(1..4) } else { CALLS };
    for call in 1.. {
        let mut hand = Hand::new(racer.call());
        // What yields goes on at once.
        let mut polls = 0;
        while hand.is_woken() && polls < 4 {
            if let Some(got) = hand.poll() {
                shared.reading.store(round, Ordering::SeqCst);
                return Some(got);
            }
            polls += 1;
        }
        if shared.is_stopped() {
            return None;
        }
        shared.reading.store(round, Ordering::SeqCst);
        let is_last = if shared.done.load(Ordering::SeqCst) >= round {
            true
        } else if shared.begun.load(Ordering::SeqCst) >= round {
            calls_to_go -= 1;
            calls_to_go == 0
        } else {
            false
        };
        if is_last || call >= CALLS {
            let start = Instant::now();
            while !hand.is_woken() && start.elapsed() < SPIN {
                spin_loop();
            }
            return tokio::select! {
                biased;
                () = shared.stop.notified() => None,
                got = hand.finish() => Some(got),
            };
        }
    }
    None
}

/// Spins at first, and then sleeps: the other thread may need this very processor.
fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() < SPIN {
            spin_loop();
        } else {
            thread::sleep(Duration::from_micros(20));
        }
    }
}
