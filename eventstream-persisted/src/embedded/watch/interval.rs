use std::{
    path::Path,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How often one looks whether another process has committed something, while anyone waits for it.
const INTERVAL: Duration = Duration::from_millis(10);

/// Where the system has no signs for us, one looks now and then.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    woken: bool,
    closed: bool,
}

impl Signal {
    pub(crate) fn new(_directory: &Path) -> Self {
        Self::default()
    }

    pub(crate) fn wake(&self) {
        self.state().woken = true;
        self.changed.notify_all();
    }

    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn sleep(&self) {
        let asleep = |state: &mut State| !state.woken && !state.closed;
        let state = self.changed.wait_while(self.state(), asleep);
        state.unwrap_or_else(PoisonError::into_inner).woken = false;
    }

    pub(crate) fn wait(&self) {
        self.rest(INTERVAL);
    }

    pub(crate) fn rest(&self, time: Duration) {
        let rested = self.changed.wait_timeout_while(self.state(), time, |state| !state.closed);
        drop(rested);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
