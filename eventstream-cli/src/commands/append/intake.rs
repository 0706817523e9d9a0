//! Reading the input ahead of the appends, on a thread of its own.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use eventstream_core::{Identity, Parcel};
use tokio::{sync::Notify, time};

use super::lines::{LONGEST, LineError, Lines};
use crate::{
    cloud_event,
    failure::{Context, Failure},
};

/// A batch is full when its parcels have so many bytes, however few they are.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How much of the input is read at once.
const BUFFER: usize = 256 * 1024;
/// When a read has brought nothing for so long, the input pauses, and what is at hand is a batch.
const PAUSE: Duration = Duration::from_millis(2);

/// The parcels of the input, in batches: full ones as long as the input flows, and what is at hand
/// when it pauses.
pub(crate) struct Intake {
    shared: Arc<Shared>,
    max: usize,
    flow: Flow,
}

/// How an input comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// All of it is there: a file.
    AtOnce,
    /// As somebody writes it: a pipe, a terminal.
    WithPauses,
}

pub(crate) struct Batch {
    pub(crate) parcels: Vec<Parcel>,
    /// Where the last one's line ends in the input.
    pub(crate) position: u64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// The reader waits for it when it is far ahead.
    room: Condvar,
    /// The first parcel is there, or a batch is full, or the input has ended.
    news: Notify,
    /// The input was asked for more, and has not answered yet.
    is_asking: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Parcels, and where their lines end.
    parcels: VecDeque<(Parcel, u64)>,
    bytes: usize,
    /// How many parcels there have been.
    read: u64,
    ended: Option<Result<(), Failure>>,
    /// Nobody takes anything any more.
    abandoned: bool,
}

impl Intake {
    /// Starts to read: batches will have `max` parcels at most.
    pub(crate) fn start(
        input: impl Read + Send + 'static,
        flow: Flow,
        application: Identity,
        max: usize,
    ) -> Result<Self, Failure> {
        let shared = Arc::<Shared>::default();
        let reader = shared.clone();
        let input = BufReader::with_capacity(BUFFER, Observed { input, shared: shared.clone() });
        // Not a task: a read that never returns must not keep the program from ending.
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                let result = reader.read(input, &application, max);
                reader.lock().ended = Some(result);
                reader.news.notify_one();
            })
            .context("can't start a thread")?;
        Ok(Self { shared, max, flow })
    }

    /// The next batch; `None` at the end of the input.
    pub(crate) async fn next(&self) -> Result<Option<Batch>, Failure> {
        loop {
            let (seen, is_empty) = {
                let mut state = self.shared.lock();
                let is_last = state.ended.is_some() && !state.parcels.is_empty();
                if is_last || state.is_full(self.max) {
                    return Ok(Some(self.cut(&mut state)));
                }
                if let Some(result) = state.ended.take() {
                    // An end is an end, however often it is asked for.
                    state.ended = Some(Ok(()));
                    return result.map(|()| None);
                }
                (state.read, state.parcels.is_empty())
            };
            if is_empty || self.flow == Flow::AtOnce {
                self.shared.news.notified().await;
                continue;
            }
            let timeout = time::timeout(PAUSE, self.shared.news.notified());
            let is_quiet = timeout.await.is_err();
            let mut state = self.shared.lock();
            // On a busy machine the reader may be quiet because it doesn't get to run.
            let is_asking = self.shared.is_asking.load(Ordering::Relaxed);
            if is_quiet && is_asking && state.read == seen {
                return Ok(Some(self.cut(&mut state)));
            }
        }
    }

    fn cut(&self, state: &mut State) -> Batch {
        let mut batch =
            Batch { parcels: Vec::with_capacity(self.max.min(state.parcels.len())), position: 0 };
        let mut bytes = 0;
        while batch.parcels.len() < self.max
            && bytes < BATCH_BYTES
            && let Some((parcel, position)) = state.parcels.pop_front()
        {
            bytes += parcel.wire().len();
            batch.parcels.push(parcel);
            batch.position = position;
        }
        state.bytes -= bytes;
        self.shared.room.notify_one();
        batch
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.shared.lock().abandoned = true;
        self.shared.room.notify_one();
    }
}

impl State {
    fn is_full(&self, max: usize) -> bool {
        self.parcels.len() >= max || self.bytes >= BATCH_BYTES
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // What it guards is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, input: impl BufRead, application: &Identity, max: usize) -> Result<(), Failure> {
        let mut lines = Lines::new(input, LONGEST);
        loop {
            let parcel = match lines.next() {
                Ok(None) => return Ok(()),
                Ok(Some(line)) => match cloud_event::read(line, application) {
                    Ok(parcel) => parcel,
                    Err(problem) => {
                        return Err(self.bad_line(lines.number(), &problem.to_string()));
                    }
                },
                Err(error) => return Err(self.of_line(lines.number(), &error)),
            };
            if !self.put(parcel, lines.position(), max) {
                return Ok(());
            }
        }
    }

    /// Hands a parcel over; `false` if nobody wants it.
    fn put(&self, parcel: Parcel, position: u64, max: usize) -> bool {
        let mut state = self.lock();
        // One batch is being appended, the next one waits: more is of no use.
        while state.is_full(max) && !state.abandoned {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.abandoned {
            return false;
        }
        state.bytes += parcel.wire().len();
        state.parcels.push_back((parcel, position));
        state.read += 1;
        if state.parcels.len() == 1 || state.is_full(max) {
            self.news.notify_one();
        }
        true
    }

    fn of_line(&self, number: u64, error: &LineError) -> Failure {
        match error {
            LineError::Io(error) => Failure::new("can't read the standard input").because(error),
            LineError::TooLong => {
                self.bad_line(number, &format!(" is longer than {} MiB", LONGEST / 1024 / 1024))
            }
            LineError::NotUtf8(byte) => {
                self.bad_line(number, &format!(" is not UTF-8, from byte {byte} on"))
            }
        }
    }

    fn bad_line(&self, number: u64, problem: &str) -> Failure {
        Failure::new(format!("line {number}{problem}")).hint(if self.lock().read == 0 {
            "nothing was appended; fix the line, and append the input again"
        } else {
            "the lines before it were appended; fix it, and append the same input again: events \
             already stored are not stored twice"
        })
    }
}

/// An input that tells when it is asked for more.
struct Observed<R> {
    input: R,
    shared: Arc<Shared>,
}

impl<R: Read> Read for Observed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.shared.is_asking.store(true, Ordering::Relaxed);
        let result = self.input.read(buf);
        self.shared.is_asking.store(false, Ordering::Relaxed);
        result
    }
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
