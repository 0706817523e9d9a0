use std::{ffi::OsString, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin},
    time::timeout,
};

use crate::interpreter::program;

/// For making the stubs, and listening.
const READY: Duration = Duration::from_secs(120);

/// The server in Python, which ends when this is dropped.
pub(crate) struct PythonServer {
    pub(crate) port: u16,
    child: Child,
    /// It ends when this does, however the test ends.
    _stdin: ChildStdin,
    _scratch: TempDir,
}

impl PythonServer {
    /// On this port; 0 for any.
    pub(crate) async fn start(interpreter: &OsString, port: u16, events: u64) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let mut command = program(interpreter, "server.py", scratch.path());
        command.arg("--port").arg(port.to_string()).arg("--count").arg(events.to_string());
        let command = command.stdin(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(READY, lines.next_line()).await;
        let line = line.expect("the server in Python is not ready in time").unwrap();
        let line = line.expect("the server in Python has ended");
        let port = line.strip_prefix("port ").and_then(|port| port.parse().ok());
        Self { port: port.expect("its port"), child, _stdin: stdin, _scratch: scratch }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// As `kill -9` does it: nobody is told.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
