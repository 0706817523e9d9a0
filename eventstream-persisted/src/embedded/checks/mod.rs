//! What is found out about a store's place when it is opened, or is asked for.

mod file_system;
mod lock;
mod space;
mod syncing;

use std::path::Path;

use super::{files::Files, layout::FORMAT};
use crate::Finding;

/// What tells at once, and leaves everything as it is.
pub(super) fn at_opening(directory: &Path) -> [Finding; 3] {
    [file_system::check(directory), space::check(directory), rights(directory)]
}

/// Makes all checks.
pub(super) fn run(files: &Files) -> Vec<Finding> {
    let directory = files.directory();
    let mut findings = Vec::from(at_opening(directory));
    findings.push(lock::check(directory));
    findings.push(syncing::check(directory));
    findings.push(Finding::fine("format", format!("the store has format {FORMAT}")));
    findings
}

/// Whether the directory can be written to, by who we are.
#[cfg(target_os = "linux")]
fn rights(directory: &Path) -> Finding {
    use rustix::fs::{Access, access};
    const CHECK: &str = "rights";
    match access(directory, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Finding::fine(CHECK, "events can be read and appended"),
        Err(error) => {
            let what = format!("events can be read, not appended: {error}");
            Finding::warning(CHECK, what)
                .advice("if they are to be: make the directory and its files writable")
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn rights(directory: &Path) -> Finding {
    const CHECK: &str = "rights";
    match std::fs::metadata(directory) {
        Ok(metadata) if metadata.permissions().readonly() => {
            Finding::warning(CHECK, "events can be read, not appended")
                .advice("if they are to be: make the directory and its files writable")
        }
        Ok(_) => Finding::fine(CHECK, "the directory is not read only"),
        Err(error) => Finding::unknown(CHECK, error.to_string()),
    }
}
