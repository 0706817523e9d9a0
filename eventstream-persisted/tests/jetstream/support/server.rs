use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Program, program};

/// For a server to listen, on a machine that is busy.
const READY: Duration = Duration::from_secs(60);

/// Starts a server, says its process, and ends it when there is nothing to be read any more: so it
/// ends with the tests, however they end. Its folder goes with it then.
const KEEPER: &str = r#"
# What ends the tests, as a group, must not end what tidies up behind them.
trap "" TERM INT HUP
log=$1 folder=$2; shift 2
"$@" </dev/null >>"$log" 2>&1 &
server=$!
echo "$server"
if read -r _; then
    kill -9 "$server"; wait "$server"
else
    kill -9 "$server"; wait "$server"; rm -rf "$folder"
fi
"#;

/// What is not as usual.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// More lines of the configuration.
    pub(crate) more: String,
    /// Lines in its `jetstream` block instead of syncing always.
    pub(crate) jetstream: Option<String>,
    /// Whether there is no JetStream at all.
    pub(crate) without_jetstream: bool,
}

/// A server of NATS on loopback, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    program: std::ffi::OsString,
    folder: TempDir,
    pub(crate) port: u16,
    pub(crate) monitoring: u16,
    /// The keeper, and the server.
    running: Option<(Child, u32)>,
}

impl Server {
    pub(crate) fn start(wanted: Program, settings: &Settings) -> Option<Self> {
        let program = program(wanted)?;
        Some(Self::start_program(&program, wanted, settings))
    }

    pub(crate) fn start_program(program: &OsStr, wanted: Program, settings: &Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("nats").tempdir().unwrap();
        // Ports that are free now, and kept through restarts.
        let [port, monitoring] = free_ports();
        let mut config = format!(
            "host: 127.0.0.1\nport: {port}\nhttp: \"127.0.0.1:{monitoring}\"\n\
             max_payload: 8MB\nserver_name: n{port}\n{}\n",
            settings.more
        );
        if !settings.without_jetstream {
            let always = if wanted == Program::New { "sync_interval: always" } else { "" };
            let block = settings.jetstream.as_deref().unwrap_or(always);
            let store = folder.path().join("data");
            let store = store.display();
            let _ = write!(config, "jetstream {{\nstore_dir: \"{store}\"\n{block}\n}}\n");
        }
        fs::write(folder.path().join("config"), config).unwrap();
        let mut server =
            Self { program: program.to_owned(), folder, port, monitoring, running: None };
        server.restart();
        server.wait_ready();
        server
    }

    /// Starts it, and does not wait until it listens.
    pub(crate) fn restart(&mut self) {
        let config = self.folder.path().join("config");
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(self.log())
            .arg(self.folder.path())
            .arg(&self.program)
            .arg("-c")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The shell says that something was killed.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut process = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut process).unwrap();
        self.running = Some((keeper, process.trim().parse().unwrap()));
    }

    pub(crate) fn wait_ready(&self) {
        let until = Instant::now() + READY;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "the server does not listen: {}", self.log_text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// As `kill -9` does it; what is on disk stays.
    pub(crate) fn kill(&mut self) {
        use std::io::Write;
        if let Some((mut keeper, _)) = self.running.take() {
            let mut stdin = keeper.stdin.take().unwrap();
            let _ = stdin.write_all(b"end it\n");
            let _ = keeper.wait();
        }
    }

    /// Keeps a copy of what is on disk. It has to be stopped.
    pub(crate) fn keep_copy(&self) {
        assert!(self.running.is_none());
        copy(&self.folder.path().join("data"), &self.folder.path().join("copy"));
    }

    /// Puts back what was copied, as if it had not written anything since. It has to be stopped.
    pub(crate) fn put_copy_back(&self) {
        assert!(self.running.is_none());
        let data = self.folder.path().join("data");
        fs::remove_dir_all(&data).unwrap();
        copy(&self.folder.path().join("copy"), &data);
    }

    /// Goes on with another version, on the same data.
    pub(crate) fn upgrade(&mut self, program: std::ffi::OsString) {
        self.program = program;
        self.restart();
        self.wait_ready();
    }

    /// Sends a signal, by its name, to the server's process.
    pub(crate) fn signal(&self, name: &str) {
        let (_, process) = self.running.as_ref().expect("a server that runs");
        let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of a store on this server.
    pub(crate) fn url(&self, stream: &str) -> String {
        format!("nats://{}/{stream}", self.address())
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn log_text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log_text();
            let from = log.len().saturating_sub(4_000);
            eprintln!("the end of the server's log:\n{}", log.get(from..).unwrap_or(&log));
        }
    }
}

/// A server that the tests of this process share: it ends with the process.
pub(crate) fn shared(wanted: Program) -> Option<&'static Server> {
    static NEW: OnceLock<Option<Server>> = OnceLock::new();
    static OLD: OnceLock<Option<Server>> = OnceLock::new();
    let server = match wanted {
        Program::New => &NEW,
        Program::Old => &OLD,
    };
    let start = || {
        let program = wanted.find()?;
        Some(Server::start_program(&program, wanted, &Settings::default()))
    };
    server.get_or_init(start).as_ref()
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // All at once, so that they differ.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
