use std::path::Path;

use crate::{Finding, embedded::disk::sync_directory};

/// Whether names of files can be made to last.
pub(super) fn check(directory: &Path) -> Finding {
    const CHECK: &str = "syncing";
    match sync_directory(directory) {
        Ok(()) => Finding::fine(CHECK, "names of files are written to disk when it is asked for"),
        Err(error) => {
            let what = format!(
                "names of files can't be written to disk ({error}): a power cut may undo what was \
                 appended"
            );
            Finding::error(CHECK, what).advice("put the store on another file system")
        }
    }
}
