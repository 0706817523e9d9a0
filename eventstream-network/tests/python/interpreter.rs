use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::support::not_run::not_run;

/// Where the programs are.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// Python with grpcio, or `None` where there is none; where all tests are to be run, that is a failure.
pub(crate) fn interpreter() -> Option<OsString> {
    let found = env::var_os("EVENTSTREAM_PYTHON").filter(|found| !found.is_empty());
    if found.is_none() {
        not_run(
            "EVENTSTREAM_PYTHON has to be a Python that has what tests/python/requirements.txt says; \
             ./test makes one",
        );
    }
    found
}

/// One of the programs, which ends when it is dropped, and leaves what it leaves in the folder
/// `scratch`: one that is killed can't tidy up.
pub(crate) fn program(interpreter: &OsString, name: &str, scratch: &Path) -> Command {
    let mut command = Command::new(interpreter);
    command
        .arg(folder().join(name))
        // Nothing but what belongs to this interpreter, and nothing left among the sources.
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TMPDIR", scratch)
        .env("PYTHONUNBUFFERED", "1")
        // Loopback is not to be reached through a proxy.
        .env("no_grpc_proxy", "127.0.0.1")
        .arg("--proto")
        .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("proto"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
