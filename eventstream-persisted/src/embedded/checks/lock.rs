use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use crate::{
    Finding,
    embedded::disk::{Lock, names},
};

const CHECK: &str = "lock";
/// A commit takes less.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the lock of those who append is free, and keeps others out.
pub(super) fn check(directory: &Path) -> Finding {
    let path = directory.join(names::LOCK);
    let lock = Lock::new(path.clone());
    let _locked = match lock.acquire(PATIENCE) {
        Ok(Some(locked)) => locked,
        Ok(None) => {
            let what = format!(
                "another program has held it for more than {} seconds: nobody else can append \
                 meanwhile",
                PATIENCE.as_secs()
            );
            return Finding::warning(CHECK, what).advice("wait until it is done, or end it");
        }
        Err(error) => {
            return Finding::warning(CHECK, format!("it can't be taken: {error}"))
                .advice("to append, the directory and its files have to be writable");
        }
    };
    match is_locked(&path) {
        Ok(true) => Finding::fine(CHECK, "it is free, and keeps others out while it is held"),
        Ok(false) => Finding::error(
            CHECK,
            "it keeps nobody out: several who append at the same time damage the store",
        )
        .advice("put the store on a file system with locks that work"),
        Err(error) => Finding::unknown(CHECK, format!("it can't be tried: {error}")),
    }
}

/// Whether it can't be had a second time.
fn is_locked(path: &Path) -> io::Result<bool> {
    match File::open(path)?.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
