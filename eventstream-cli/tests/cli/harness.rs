use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Nothing takes so long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// The program, not as cargo starts it.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eventstream"));
    command.env_remove("CARGO_PKG_NAME");
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
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn assert_ok(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
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

/// A program that is running; killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<Receiver<String>>,
    stderr: Receiver<String>,
}

impl Running {
    pub(crate) fn start(command: Command) -> Self {
        let mut running = Self::start_unread(command);
        running.read_output();
        running
    }

    /// Starts a program whose output nobody reads.
    pub(crate) fn start_unread(mut command: Command) -> Self {
        command.stdin(Stdio::piped());
        Self::start_unread_with_input(command)
    }

    /// Starts a program that has its input already.
    pub(crate) fn start_with_input(command: Command) -> Self {
        let mut running = Self::start_unread_with_input(command);
        running.read_output();
        running
    }

    fn start_unread_with_input(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: None,
            stderr: lines(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Begins to read the output.
    pub(crate) fn read_output(&mut self) {
        self.stdout = self.child.stdout.take().map(lines);
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.stdin.take().unwrap()
    }

    /// Sends a text, and leaves the input open.
    pub(crate) fn send(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for the next line of the output.
    pub(crate) fn line(&mut self) -> String {
        next(self.stdout.as_ref().unwrap())
    }

    /// Waits for the next line of the standard error.
    pub(crate) fn note(&mut self) -> String {
        next(&self.stderr)
    }

    /// Reads no more of the output: it is a closed pipe now.
    pub(crate) fn close_output(&mut self) {
        self.child.stdout = None;
    }

    /// Reads the first line of an output that nobody else reads.
    pub(crate) fn first_line_unread(&mut self) -> String {
        let mut line = Vec::new();
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    pub(crate) fn id(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.id();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Closes the input, reads what is left of the output, and waits for the end.
    pub(crate) fn end(mut self) -> Done {
        self.stdin = None;
        let stdout = self.stdout.as_ref().map_or_else(String::new, rest);
        let stderr = rest(&self.stderr);
        // It has closed its outputs, so it is about to end.
        let code = self.child.wait().unwrap().code();
        Done { code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(PATIENCE).expect("a line was expected")
}

/// All lines up to the end.
fn rest(lines: &Receiver<String>) -> String {
    let mut text = String::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => text = text + &line + "\n",
            Err(RecvTimeoutError::Disconnected) => return text,
            Err(RecvTimeoutError::Timeout) => panic!("the program does not end: {text}"),
        }
    }
}

/// Reads lines as they come.
fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
