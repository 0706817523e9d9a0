//! Calls of a cursor that race with what a case does.

use std::{
    hint::spin_loop,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use eventstream_core::{Cursor, Event, Result};
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
    reader::Reader,
};

/// So long a thread spins for what should come at once.
const SPIN: Duration = Duration::from_micros(50);

/// Calls of one round at most that are given up: each may cost the stream something.
const CALLS: usize = 2_000;

/// A cursor on a thread of its own, which begins to wait over and over, until the case has acted.
///
/// So the act comes while the cursor is anywhere in its call: also between its look and its
/// listening, if it is in this order. With two processors it is so because both threads run, and
/// with one, because the thread that reads is interrupted there. Two tasks would not do: a call
/// gives way to another task only where it waits.
pub(crate) struct Race {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    results: mpsc::UnboundedReceiver<Result<Event>>,
    round: usize,
}

/// Each round has a number. These are the last ones in which …
#[derive(Default)]
struct Shared {
    /// … the cursor is to read.
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

impl Race {
    /// The cursor stays in the runtime that it was opened in, whose threads drive it.
    pub(crate) fn start<C: Cursor>(reader: Reader<C>) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, results) = mpsc::unbounded_channel();
        let (handle, racing) = (Handle::current(), Arc::clone(&shared));
        let thread = thread::spawn(move || handle.block_on(race(reader, &racing, &sender)));
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

    /// What the cursor has read; to be asked for when the case has acted.
    pub(crate) async fn finish(&mut self) -> Check<Result<Event>> {
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
        fail!("the thread that reads has ended")
    }

    /// Drops the cursor, between two rounds.
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

impl Drop for Race {
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

/// The thread that reads.
async fn race<C: Cursor>(
    mut reader: Reader<C>,
    shared: &Shared,
    sender: &mpsc::UnboundedSender<Result<Event>>,
) {
    for round in 1.. {
        wait_until(|| shared.started.load(Ordering::SeqCst) >= round || shared.is_stopped());
        let Some(got) = one_round(&mut reader.cursor, shared, round).await else {
            return;
        };
        // Nobody listens any more if the case has ended.
        if sender.send(got).is_err() {
            return;
        }
    }
}

/// What the cursor reads in this round, unless it is stopped.
async fn one_round(
    cursor: &mut impl Cursor,
    shared: &Shared,
    round: usize,
) -> Option<Result<Event>> {
    // The call that the act comes into must be the last one: another would make good for it. Which
    // one that is can't be known, only guessed; a slow act has its effect towards its end.
    let mut calls_to_go = if fastrand::bool() { fastrand::usize(1..4) } else { CALLS };
    for call in 1.. {
        let mut hand = Hand::new(cursor.next());
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
