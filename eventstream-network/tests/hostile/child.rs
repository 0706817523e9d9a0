//! A server in a process of its own, so that what it takes of the machine can be read: the same
//! program, which runs one test, and finds there that it is to serve.

use std::{
    alloc::System,
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use eventstream_network::{NetworkClient, NetworkClientBuilder};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::hosting::HONEST;

/// Says what the program is to serve.
const VARIABLE: &str = "EVENTSTREAM_TEST_HOSTILE";
const READY: &str = "ready ";
const IN_USE: &str = "in use ";

/// What the parent wants served, if this is a child.
pub(crate) fn task() -> Option<String> {
    env::var(VARIABLE).ok()
}

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Tells the parent where it listens and, for each line that it writes, how many bytes are in use;
/// until the parent is gone or wants it to end.
pub(crate) async fn until_the_end(address: SocketAddr) {
    println!("{READY}{address}");
    let telling = tokio::task::spawn_blocking(|| {
        for _ in io::stdin().lines() {
            let stats = MEMORY.stats();
            println!("{IN_USE}{}", stats.bytes_allocated - stats.bytes_deallocated);
        }
    });
    drop(telling.await);
}

/// It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: String,
    /// How somebody connects who means well.
    pub(crate) client: NetworkClientBuilder,
    /// What it takes of the machine's memory while it serves nobody, in KiB.
    at_rest: u64,
    /// What is in use of that, in bytes.
    in_use_at_rest: u64,
}

impl Server {
    /// `test` is the one that serves. `files` bounds how many files it may have open.
    pub(crate) fn start(test: &str, task: &str, files: Option<u32>) -> Self {
        let program = env::current_exe().unwrap();
        let mut command = match files {
            None => Command::new(program),
            Some(files) => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]);
                command.arg(program);
                command
            }
        };
        // With two threads, no line of ours stands behind the test's name.
        command.args(["--exact", test, "--nocapture", "--test-threads=2"]);
        command.env(VARIABLE, task).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (address, client) = (String::new(), NetworkClient::connect(""));
        let mut server =
            Self { child, stdin, stdout, address, client, at_rest: 0, in_use_at_rest: 0 };
        server.address = server.line(READY);
        server.client = NetworkClient::connect(&format!("http://{}", server.address)).token(HONEST);
        server.at_rest = server.memory("VmRSS");
        server.in_use_at_rest = server.in_use();
        server
    }

    fn proc(&self, file: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }

    /// In KiB.
    fn memory(&self, what: &str) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("the server is gone");
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
        line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What the child says next that begins so.
    fn line(&mut self, begins: &str) -> String {
        let mut lines = self.stdout.by_ref().lines().map(Result::unwrap);
        let found = lines.find_map(|line| Some(line.strip_prefix(begins)?.to_owned()));
        found.expect("the server is gone")
    }

    /// In bytes.
    fn in_use(&mut self) -> u64 {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        self.line(IN_USE).parse().unwrap()
    }

    /// How many bytes more are in use than at rest.
    pub(crate) fn kept(&mut self) -> u64 {
        self.in_use().saturating_sub(self.in_use_at_rest)
    }

    /// How much more it has taken at most since the last call, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        let peak = self.memory("VmHWM").saturating_sub(self.at_rest);
        fs::write(self.proc("clear_refs"), "5").unwrap();
        peak
    }

    /// What it has taken at most since it began, in KiB.
    pub(crate) fn highest(&self) -> u64 {
        self.memory("VmHWM")
    }

    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// The processor's time that it has used: clock ticks, of which there are 100 in a second.
    pub(crate) fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(self.proc("stat")).unwrap();
        // Behind the name, which may have anything in it: 14 and 15 are those of user and system.
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
        fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    /// Waits until no more than so many bytes more are in use than at rest.
    pub(crate) async fn goes_back_to(&mut self, bytes: u64, name: &str) -> u64 {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let kept = self.kept();
            if kept <= bytes {
                return kept;
            }
            assert!(Instant::now() < until, "{name}: {kept} bytes are not given back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// It comes to its end, without having panicked.
    pub(crate) fn end(mut self) {
        drop(self.stdin.take());
        assert!(self.child.wait().unwrap().success(), "the server has panicked");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
