//! Processes of the test's own: the same program, which runs one test, and finds there what it is to
//! do.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Says that the program is a child.
const VARIABLE: &str = "EVENTSTREAM_TEST_CHILD";

/// What the parent wants done, if this is a child.
pub(crate) fn task() -> Option<Vec<String>> {
    let task = env::var(VARIABLE).ok()?;
    Some(task.split('\n').map(str::to_owned).collect())
}

/// The test program, to be run for one test.
pub(crate) fn program(program: impl Into<PathBuf>, test: &str, task: &[&str]) -> Command {
    let mut command = Command::new(program.into());
    // With two threads, no line of ours stands behind the test's name.
    command.args(["--exact", test, "--nocapture", "--test-threads=2"]);
    command.env(VARIABLE, task.join("\n"));
    command
}

/// A child that tells what it does. It is killed if it is not waited for.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Option<Lines>,
}

impl Running {
    pub(crate) fn start(test: &str, task: &[&str]) -> Self {
        let mut command = program(env::current_exe().unwrap(), test, task);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let lines = child.stdout.take().map(|stdout| Lines(BufReader::new(stdout)));
        Self { child, stdin, lines }
    }

    /// What it tells next: `None` at its end.
    pub(crate) fn tells(&mut self) -> Option<Told> {
        self.lines.as_mut().unwrap().next()
    }

    /// What it tells, for somebody else to listen to.
    pub(crate) fn lines(&mut self) -> Lines {
        self.lines.take().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        // With SIGKILL.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to come to its end, and waits.
    pub(crate) fn end(mut self) {
        drop(self.stdin.take());
        if let Some(lines) = &mut self.lines {
            while lines.next().is_some() {}
        }
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a child, without what the test harness says.
pub(crate) struct Lines(BufReader<ChildStdout>);

impl Iterator for Lines {
    type Item = Told;

    fn next(&mut self) -> Option<Told> {
        let mut line = String::new();
        while self.0.read_line(&mut line).unwrap() > 0 {
            if let Some(told) = Told::read(&line) {
                return Some(told);
            }
            line.clear();
        }
        None
    }
}

/// What a child tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It has made the effect of this event, and has not committed it.
    Applied(u64),
    /// It stands still after having made the effect of this event.
    Holding(u64),
    /// It has committed all effects before this offset.
    Kept(u64),
}

impl Told {
    pub(crate) fn tell(self) {
        match self {
            Self::Applied(offset) => println!("applied {offset}"),
            Self::Holding(offset) => println!("holding {offset}"),
            Self::Kept(offset) => println!("kept {offset}"),
        }
    }

    fn read(line: &str) -> Option<Self> {
        let (word, number) = line.trim_end_matches('\n').split_once(' ')?;
        let number = number.parse().ok()?;
        match word {
            "applied" => Some(Self::Applied(number)),
            "holding" => Some(Self::Holding(number)),
            "kept" => Some(Self::Kept(number)),
            _ => None,
        }
    }
}
