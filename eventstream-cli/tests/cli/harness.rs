use std::{
    env, fmt,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::running::Running;

pub(crate) const SAMPLE: &str = include_str!("../../sample/git-history.ndjson");

/// A directory of the test's own, and a store in it.
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) store: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().join("store");
        Self { directory, store }
    }

    pub(crate) fn with(input: &str) -> Self {
        let place = Self::new();
        place.append(&[], input).assert_ok();
        place
    }

    /// Whether there is a store.
    pub(crate) fn is_there(&self) -> bool {
        let done = self.info_text();
        if done.code != Some(0) {
            done.assert_failed("there is no store at");
        }
        done.code == Some(0)
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn command(&self, command: &str, args: &[&str]) -> Command {
        let mut program = program();
        program.arg(command).arg("--store").arg(&self.store).args(args);
        program
    }

    pub(crate) fn append(&self, args: &[&str], input: impl AsRef<[u8]>) -> Done {
        run(self.command("append", args), input.as_ref())
    }

    /// Appends from a file, not through a pipe.
    pub(crate) fn append_file(&self, args: &[&str], input: &str) -> Done {
        let path = self.path().join("input");
        fs::write(&path, input).unwrap();
        let mut command = self.command("append", args);
        let output = command.stdin(File::open(path).unwrap()).output().unwrap();
        Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn tail(&self, args: &[&str]) -> Done {
        run(self.command("tail", args), b"")
    }

    /// Reads all of the store, and finds it good.
    pub(crate) fn verify(&self) {
        run(self.command("verify", &[]), b"").assert_ok();
    }

    pub(crate) fn info(&self) -> Value {
        let done = run(self.command("info", &["-o", "json"]), b"");
        done.assert_ok();
        serde_json::from_str(&done.stdout).unwrap()
    }

    pub(crate) fn info_text(&self) -> Done {
        run(self.command("info", &[]), b"")
    }

    /// What is in the store, as `append` reads it.
    pub(crate) fn exported(&self) -> String {
        let done = self.tail(&["--exit-at-end", "-o", "cloudevents"]);
        done.assert_ok();
        done.stdout
    }

    pub(crate) fn start(&self, command: &str, args: &[&str]) -> Running {
        Running::start(self.command(command, args))
    }

    pub(crate) fn start_unread(&self, command: &str, args: &[&str]) -> Running {
        Running::start_unread(self.command(command, args))
    }
}

/// The program, not as cargo starts it, and without the variables that are its options.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eventstream"));
    command.env_remove("CARGO_PKG_NAME");
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("EVENTSTREAM_") {
            command.env_remove(name);
        }
    }
    command
}

/// A line with an event.
pub(crate) fn event(id: u64, event_type: &str) -> String {
    format!(
        "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/test\",\"type\":\"{event_type}\",\
         \"time\":\"2024-05-06T07:08:09Z\",\"data\":{{\"id\":{id}}}}}\n"
    )
}

pub(crate) fn events(ids: impl IntoIterator<Item = u64>) -> String {
    ids.into_iter().map(|id| event(id, "test.made")).collect()
}

/// What came of a program that has ended.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn assert_ok(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
    }

    pub(crate) fn assert_failed(&self, stderr: &str) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert!(self.stderr.contains(stderr), "{self:?}\n{stderr}");
    }

    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

/// The end of a long output is enough to be shown.
impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |text: &str| {
            let start = text.char_indices().rev().nth(1_500).map_or(0, |(start, _)| start);
            text[start..].to_owned()
        };
        let (stdout, stderr) = (end(&self.stdout), end(&self.stderr));
        f.debug_struct("Done")
            .field("code", &self.code)
            .field("stderr", &stderr)
            .field("stdout", &stdout)
            .finish()
    }
}

pub(crate) fn tally(first: u64, next: u64, appended: u64, duplicates: u64) -> String {
    format!(
        "{{\"first\":{first},\"next\":{next},\"appended\":{appended},\"duplicates\":{duplicates}}}"
    )
}

/// Runs a program to its end.
pub(crate) fn run(command: Command, input: &[u8]) -> Done {
    let mut running = Running::start(command);
    let mut stdin = running.stdin();
    thread::scope(|scope| {
        // Who has seen enough of the input may end before it has read all of it.
        scope.spawn(move || stdin.write_all(input));
        running.end()
    })
}
