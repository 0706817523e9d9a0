//! A server in a process of its own: the same program, which runs the same test, and finds there that
//! it is to serve a store.

use std::{
    env,
    io::{BufRead, BufReader, Lines, Read},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use eventstream_network::NetworkServer;
use eventstream_persisted::EmbeddedStore;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::history::all_types;

/// Says that the program is a child, and where its store is.
const VARIABLE: &str = "EVENTSTREAM_TEST_SERVE";

/// What the line with the address begins with.
const LISTENING: &str = "listening ";

/// Serves, if this is a child: a test that starts a [`Process`] calls it first, and ends if it is
/// true.
pub(crate) async fn is_served() -> bool {
    let Some(path) = env::var_os(VARIABLE) else { return false };
    let store = EmbeddedStore::open(path).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{LISTENING}{}", listener.local_addr().unwrap());
    let end = CancellationToken::new();
    let until = end.clone().cancelled_owned();
    // When it is told to, and when the parent is gone.
    thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        end.cancel();
    });
    let server = NetworkServer::builder().host_with_store(store.stream(all_types()), store);
    let server = server.build().unwrap().drain_timeout(Duration::from_secs(5));
    server.serve(listener, until).await.unwrap();
    true
}

/// Such a process. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Kept, so that it can be written to.
    lines: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(crate) address: String,
}

impl Process {
    /// Of the test that calls it, in its own thread.
    pub(crate) fn start(store: &Path) -> Self {
        let current = thread::current();
        let mut child = Command::new(env::current_exe().unwrap())
            // With two threads, no line of ours stands behind the test's name.
            .args(["--exact", current.name().unwrap(), "--nocapture", "--test-threads=2"])
            .env(VARIABLE, store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, stdin, lines, address: String::new() };
        while let Some(line) = process.lines.next() {
            if let Some(address) = line.unwrap().strip_prefix(LISTENING) {
                address.clone_into(&mut process.address);
                return process;
            }
        }
        panic!("a server has ended before it has begun");
    }

    /// With SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to come to its end.
    pub(crate) fn drain(&mut self) {
        drop(self.stdin.take());
    }

    /// Waits until it has ended well.
    pub(crate) fn ended(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
