//! A file system of a test's own, which can be small, and read-only.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::harness::*;

/// A file system in memory that only the programs see that are started on it: it is mounted in a
/// mount namespace of its own, and goes with it.
pub(crate) struct Disk {
    directory: TempDir,
    pub(crate) store: PathBuf,
    /// A program that does nothing but keep the namespace there.
    keeper: Child,
    with_user: bool,
}

/// What makes a mount namespace: root may do it at once, others in a user namespace.
const WAYS: [(bool, &[&str]); 2] =
    [(false, &["-m", "--propagation", "private"]), (true, &["-rm", "--propagation", "private"])];

impl Disk {
    /// Mounts one with these options of tmpfs; `None` if that can't be done here, which is said, and
    /// an error where all tests are to be run.
    pub(crate) fn mount(options: &str) -> Option<Self> {
        let mut problems = Vec::new();
        for (with_user, way) in WAYS {
            match Self::try_mount(with_user, way, options) {
                Ok(disk) => return Some(disk),
                Err(problem) => problems.push(format!("unshare {}: {problem}", way[0])),
            }
        }
        not_run(&format!("no file system can be mounted: {}", problems.join("; ")));
        None
    }

    fn try_mount(with_user: bool, way: &[&str], options: &str) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && echo mounted && exec cat";
        let mut keeper = Command::new("unshare")
            .args(way)
            .args(["sh", "-c", script, "sh", options])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        let mut stdout = BufReader::new(keeper.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        stdout.read_line(&mut said)?;
        let store = directory.path().join("store");
        let disk = Self { directory, store, keeper, with_user };
        if said == "mounted\n" {
            return Ok(disk);
        }
        let mut disk = disk;
        let stderr = disk.keeper.stderr.take().map(io::read_to_string).transpose()?;
        Err(io::Error::other(stderr.unwrap_or_default().trim().to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A command that is run in the namespace.
    fn inside(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.keeper.id().to_string()).arg("--mount");
        if self.with_user {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        command
    }

    pub(crate) fn remount(&self, options: &str) {
        let mut mount = self.inside();
        // With all that it is to be: what `mount` would add of itself is not allowed to everybody.
        let options = format!("remount,{options}");
        mount.args(["mount", "-t", "tmpfs", "-o", &options, "tmpfs"]).arg(self.path());
        run(mount, b"").assert_ok();
    }

    /// The program, where this disk is there.
    pub(crate) fn program(&self) -> Command {
        let mut program = self.inside();
        program.env_remove("CARGO_PKG_NAME");
        program.arg(env!("CARGO_BIN_EXE_eventstream"));
        program
    }

    /// The program, with the store on this disk.
    pub(crate) fn command(&self, command: &str, args: &[&str]) -> Command {
        let mut program = self.program();
        program.arg(command).arg("--store").arg(&self.store).args(args);
        program
    }

    pub(crate) fn run(&self, command: &str, args: &[&str]) -> Done {
        run(self.command(command, args), b"")
    }

    pub(crate) fn append(&self, args: &[&str], input: &str) -> Done {
        run(self.command("append", args), input.as_bytes())
    }

    pub(crate) fn exported(&self) -> String {
        let done = self.run("tail", &["--exit-at-end", "-o", "cloudevents"]);
        done.assert_ok();
        done.stdout
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// Says that a test can't be run here; where all are to be run, that is a failure.
pub(crate) fn not_run(why: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let text = format!("{name} did NOT run: {why}");
    assert!(env::var_os("EVENTSTREAM_TEST_ALL").is_none(), "{text}");
    // Not by a macro: those are heard only when a test fails.
    let _ = writeln!(io::stderr(), "{text}");
}
