//! Runs one case, of whatever suite: in its own task, on its own runtime, until its deadline.

use std::{
    any::Any,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::{runtime::Builder, task::JoinError};

use crate::{
    Case, CaseFailure, Profile, Timing,
    failure::{Check, Failure},
};

/// How long a case that was given up, and what it leaves behind, may take to come to an end.
const GRACE: Duration = Duration::from_secs(2);

/// What a case is doing just now, for the text of its failure, and until when it may.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Mutex<State>>);

struct State {
    doing: String,
    note: Option<String>,
    since: Instant,
}

impl Progress {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            doing: String::new(),
            note: None,
            since: Instant::now(),
        })))
    }

    pub(crate) fn doing(&self, what: impl Into<String>) {
        self.lock().doing = what.into();
    }

    /// Something that every failure of this case has to say, from now on.
    pub(crate) fn note(&self, note: impl Into<String>) {
        self.lock().note = Some(note.into());
    }

    /// Begins to count the time of the deadline anew.
    pub(crate) fn extend_deadline(&self) {
        self.lock().since = Instant::now();
    }

    fn with_note(&self, failure: Failure) -> Failure {
        match &self.lock().note {
            Some(note) => Failure::new(format!("{}; {note}", failure.into_text())),
            None => failure,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a case as its profile has it: a waived one has to fail.
pub(crate) fn run<F>(
    cases: &[Case],
    case: Case,
    profile: &Profile,
    timing: Timing,
    body: impl FnOnce(Progress) -> F,
) -> Result<(), CaseFailure>
where
    F: Future<Output = Check> + Send + 'static,
{
    if let Some(name) = profile.unknown_waiver(cases) {
        let what = format!("the profile waives {name}, but the suite has no such case");
        return Err(CaseFailure::new(case, what));
    }
    let result = run_to_deadline(timing.deadline, body);
    match (result, profile.waiver(case)) {
        (Ok(()), None) => Ok(()),
        (Err(failure), None) => Err(CaseFailure::new(case, failure.into_text())),
        (Err(failure), Some(reason)) => {
            println!("{}: waived, because {reason}", case.name());
            println!("it failed as expected: {}", failure.into_text());
            Ok(())
        }
        (Ok(()), Some(reason)) => Err(CaseFailure::new(
            case,
            format!("stale waiver: the case passes now, though it is waived, because {reason}"),
        )),
    }
}

fn run_to_deadline<F>(deadline: Duration, body: impl FnOnce(Progress) -> F) -> Check
where
    F: Future<Output = Check> + Send + 'static,
{
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("there is no runtime to be had: {error}")))?;
    let progress = Progress::new();
    let (sender, receiver) = mpsc::channel();
    let body = body(progress.clone());
    let task = runtime.spawn(async move {
        // Nobody listens any more if the deadline is over.
        let _ = sender.send(body.await);
    });
    let result = match wait(&receiver, deadline, &progress) {
        Ok(result) => result,
        Err(RecvTimeoutError::Disconnected) => {
            Err(panicked(runtime.block_on(task), &progress.lock().doing))
        }
        Err(RecvTimeoutError::Timeout) => {
            let doing = progress.lock().doing.clone();
            // Let it drop its environment before the runtime goes.
            task.abort();
            let _ = receiver.recv_timeout(GRACE);
            Err(Failure::new(format!("no end within the deadline of {deadline:?}, while {doing}")))
        }
    };
    // Whatever the implementation has left running, it can't keep the test from ending.
    runtime.shutdown_timeout(GRACE);
    result.map_err(|failure| progress.with_note(failure))
}

/// Waits on this thread, not in the runtime: a case may block all threads of that.
fn wait(
    receiver: &Receiver<Check>,
    deadline: Duration,
    progress: &Progress,
) -> Result<Check, RecvTimeoutError> {
    loop {
        let since = progress.lock().since;
        let result = receiver.recv_timeout(deadline.saturating_sub(since.elapsed()));
        // Unless the case has been given more time meanwhile.
        if !matches!(result, Err(RecvTimeoutError::Timeout)) || progress.lock().since == since {
            return result;
        }
    }
}

fn panicked(joined: Result<(), JoinError>, doing: &str) -> Failure {
    let panic = joined.err().and_then(|error| error.try_into_panic().ok());
    Failure::new(format!(
        "panic while {doing}: {}",
        panic.as_deref().map_or("the task was stopped", panic_text)
    ))
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of something that is no text")
}
