use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::Done;

/// Nothing takes so long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

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
