use std::{os::fd::OwnedFd, path::Path, time::Duration};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    fs::inotify::{self, CreateFlags, WatchFlags},
    io::{read, write},
};

use crate::embedded::disk::names;

/// However it comes that a sign is missed (the process that had committed was killed before it
/// could give one), it is made up for after so long.
const FLOOR: Duration = Duration::from_millis(250);
/// The same where the system has no signs for us.
const INTERVAL: Duration = Duration::from_millis(10);

/// Tells that another process has committed something: it writes to the file `head` then, and the
/// kernel says so.
#[derive(Debug)]
pub(crate) struct Signal {
    /// `None` if the system has no more to give: then one looks now and then.
    changes: Option<OwnedFd>,
    /// Somebody begins to wait, or it is closed.
    woken: Option<OwnedFd>,
    /// Readable for ever once it is closed.
    closed: Option<OwnedFd>,
}

impl Signal {
    pub(crate) fn new(directory: &Path) -> Self {
        let watch = || {
            let changes = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            let flags = WatchFlags::MODIFY | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
            // The directory tells it too, and more than is needed: for a store without the file.
            inotify::add_watch(&changes, directory.join(names::HEAD), flags)
                .or_else(|_| inotify::add_watch(&changes, directory, flags))?;
            Ok::<_, rustix::io::Errno>(changes)
        };
        let event = || eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).ok();
        Self { changes: watch().ok(), woken: event(), closed: event() }
    }

    /// Wakes the one who sleeps.
    pub(crate) fn wake(&self) {
        if let Some(woken) = &self.woken {
            // If it can't be written to, it is readable already.
            let _ = write(woken, &1_u64.to_ne_bytes());
        }
    }

    /// Wakes whoever waits, from now on.
    pub(crate) fn close(&self) {
        if let Some(closed) = &self.closed {
            let _ = write(closed, &1_u64.to_ne_bytes());
        }
    }

    /// Sleeps until somebody begins to wait.
    pub(crate) fn sleep(&self) {
        let is_complete = self.woken.is_some() && self.closed.is_some();
        wait_for([self.woken.as_ref(), self.closed.as_ref()], (!is_complete).then_some(FLOOR));
        drain(self.woken.as_ref());
    }

    /// Waits for a sign of another process, or for so long that one may have been missed.
    pub(crate) fn wait(&self) {
        let timeout = if self.changes.is_some() { FLOOR } else { INTERVAL };
        wait_for([self.changes.as_ref(), self.closed.as_ref()], Some(timeout));
        drain(self.changes.as_ref());
    }

    /// Does nothing for a while.
    pub(crate) fn rest(&self, time: Duration) {
        wait_for([self.closed.as_ref(), None], Some(time));
    }
}

/// Waits until one of these can be read.
fn wait_for(files: [Option<&OwnedFd>; 2], timeout: Option<Duration>) {
    let mut files: Vec<_> =
        files.into_iter().flatten().map(|file| PollFd::new(file, PollFlags::IN)).collect();
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    // Interrupted, it is looked for once more than needed.
    let _ = poll(&mut files, timeout.as_ref());
}

/// Takes off all signs that are there.
fn drain(file: Option<&OwnedFd>) {
    let Some(file) = file else { return };
    let mut buffer = [0; 4096];
    while read(file, &mut buffer).is_ok_and(|read| read == buffer.len()) {}
}
