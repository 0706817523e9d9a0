use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{Signal, Watch};
use crate::embedded::{error::Result, files::Files, in_place::InPlace};

/// After so many looks in a row that fail, those who wait are told.
const PATIENCE: u32 = 3;

/// After a look nothing is looked at for so long: others may commit more often than anybody needs
/// to hear of it.
const REST: Duration = Duration::from_millis(1);

/// The thread that looks for what other processes commit while somebody waits for it, until it is
/// dropped.
#[derive(Debug)]
pub(crate) struct Watching {
    signal: Arc<Signal>,
    closed: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watching {
    pub(crate) fn start(
        watch: Arc<Watch>,
        files: Arc<Files>,
        in_place: InPlace,
    ) -> io::Result<Self> {
        let (signal, closed) = (watch.signal.clone(), Arc::new(AtomicBool::new(false)));
        let is_closed = closed.clone();
        let look = move || {
            let mut failed = 0_u32;
            while !is_closed.load(Ordering::Acquire) {
                if !watch.somebody_waits() {
                    watch.signal.sleep();
                    continue;
                }
                match look(&files, &in_place) {
                    Ok(next) => {
                        failed = 0;
                        watch.committed(next);
                    }
                    Err(error) => {
                        failed += 1;
                        if failed.is_multiple_of(PATIENCE) {
                            watch.failed(error);
                        }
                    }
                }
                watch.signal.rest(REST);
                // What was committed since the look has left a sign.
                watch.signal.wait();
            }
        };
        let thread = thread::Builder::new().name("eventstream-watch".to_owned()).spawn(look)?;
        Ok(Self { signal, closed, thread: Some(thread) })
    }
}

fn look(files: &Files, in_place: &InPlace) -> Result<u64> {
    in_place.check()?;
    files.next()
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        self.signal.close();
        // So that the files are closed when the store is gone; a panic has been reported.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
