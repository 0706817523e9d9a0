//! A PostgreSQL server of the tests' own: in a folder of its own, on a port of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
};

/// Runs a server on behalf of a test: it does what the lines of its standard input say, and answers
/// each with one. At the end of them, which comes with the end of the test however that ends, it stops
/// the server and removes its folder.
const KEEPER: &str = r#"
cd / || exit 1
stop() { "$BIN/pg_ctl" -D "$FOLDER/data" -m immediate -w stop >/dev/null 2>&1; }
start() { "$BIN/pg_ctl" -D "$FOLDER/data" -l "$FOLDER/log" -w -t 120 start >/dev/null 2>&1; }
trap '' INT TERM HUP
"$BIN/initdb" -D "$FOLDER/data" -U admin -A trust -E UTF8 --locale=C -N >"$FOLDER/initdb" 2>&1 || {
    echo "initdb has failed: $(tr '\n' ' ' <"$FOLDER/initdb")"
    rm -rf "$FOLDER"
    exit 1
}
cat >>"$FOLDER/data/postgresql.conf" <"$FOLDER/settings"
[ -f "$FOLDER/hba" ] && cp "$FOLDER/hba" "$FOLDER/data/pg_hba.conf"
answer() { if [ "$1" = 0 ]; then echo done; else echo "failed: $(tail -n 5 "$FOLDER/log" | tr '\n' ' ')"; fi; }
start; answer $?
while read -r line; do
    case $line in
        stop) stop; answer $? ;;
        start) start; answer $? ;;
        *) echo "failed: what is $line?" ;;
    esac
done
stop
rm -rf "$FOLDER"
"#;

/// What all servers are started with. Nothing of it takes away what a server promises.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 300
shared_buffers = 64MB
max_wal_size = 256MB
fsync = on
synchronous_commit = on
";

pub(crate) struct Server {
    pub(crate) port: u16,
    /// Where its socket for programs of this machine is.
    pub(crate) folder: PathBuf,
    keeper: Mutex<Keeper>,
}

struct Keeper {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn tell(&mut self, what: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{what}").unwrap();
        assert_eq!(self.answer(), "done", "{what}");
    }
}

/// The server that most tests share, or `None` where PostgreSQL is not installed; where all tests are
/// to be run, that is a failure.
pub(crate) fn server() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start("", None)).as_ref()
}

/// Whether there is none, and that is no failure.
pub(crate) fn is_missing() -> bool {
    binaries().is_none()
}

impl Server {
    /// One of the test's own, with settings of its own.
    pub(crate) fn start(settings: &str, hba: Option<&str>) -> Option<Self> {
        Self::start_with(settings, hba, &[])
    }

    /// With files beside its data, which only it can read.
    pub(crate) fn start_with(
        settings: &str,
        hba: Option<&str>,
        files: &[(&str, String)],
    ) -> Option<Self> {
        let binaries = binaries()?;
        let folder = tempfile::tempdir().unwrap().keep();
        for _ in 0..5 {
            for (name, text) in files {
                let path = folder.join(name);
                fs::write(&path, text).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
            match Self::try_start(&binaries, &folder, settings, hba) {
                Ok(server) => return Some(server),
                // Somebody else may have taken the port.
                Err(problem) if problem.contains("Address already in use") => {
                    fs::create_dir(&folder).unwrap();
                }
                Err(problem) => panic!("the server can't be started: {problem}"),
            }
        }
        panic!("no port is free");
    }

    fn try_start(
        binaries: &Path,
        folder: &Path,
        settings: &str,
        hba: Option<&str>,
    ) -> Result<Self, String> {
        let port = free_port();
        let own = format!(
            "port = {port}\nunix_socket_directories = '{}'\n{SETTINGS}\n{settings}\n",
            folder.display()
        );
        fs::write(folder.join("settings"), own).unwrap();
        if let Some(hba) = hba {
            fs::write(folder.join("hba"), hba).unwrap();
        }
        let mut command = as_nobody_special(folder);
        command
            .args(["sh", "-c", KEEPER])
            .env("BIN", binaries)
            .env("FOLDER", folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut keeper = Keeper { child, stdin, answers: BufReader::new(stdout) };
        let answer = keeper.answer();
        if answer != "done" {
            drop(keeper.stdin.take());
            keeper.child.wait().unwrap();
            return Err(answer);
        }
        Ok(Self { port, folder: folder.to_owned(), keeper: Mutex::new(keeper) })
    }

    /// The URL of a database, for the administrator.
    pub(crate) fn url(&self) -> String {
        self.url_of("admin", "postgres")
    }

    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops it without letting it finish anything, as a crash does.
    pub(crate) fn stop(&self) {
        self.keeper.lock().unwrap().tell("stop");
    }

    pub(crate) fn start_again(&self) {
        self.keeper.lock().unwrap().tell("start");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(keeper) = self.keeper.get_mut() {
            drop(keeper.stdin.take());
            let _ = keeper.child.wait();
        }
    }
}

/// Where the programs of the latest version are.
fn binaries() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.map(|entry| entry.path().join("bin"));
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let found = versions
        .chain(on_path.into_iter().flatten())
        .filter(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .max();
    if found.is_none() {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        let text = format!(
            "{name} did NOT run: PostgreSQL is not installed (initdb, pg_ctl); ./test installs it"
        );
        assert!(env::var_os("EVENTSTREAM_TEST_ALL").is_none(), "{text}");
        // Not by a macro: those are heard only when a test fails.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    found
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command for a user that is not root, which the server refuses to run as; the folder becomes its
/// own.
pub(crate) fn as_nobody_special(folder: &Path) -> Command {
    let id = |args: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(args).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return Command::new("env");
    }
    let name = if id(&["-u", "postgres"]).is_some() { "postgres" } else { "nobody" };
    let (user, group) = (id(&["-u", name]).unwrap(), id(&["-g", name]).unwrap());
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in entries.chain([folder.to_owned()]) {
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
    }
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={group}")]);
    command.arg("--clear-groups");
    command
}
