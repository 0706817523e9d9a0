//! The program may not read the store, or not write to it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{disk::not_run, harness::*};

/// A user who is nobody.
const NOBODY: &str = "65534";

/// A store, and a program that is run as somebody to whom its permissions apply.
struct Strange {
    place: Place,
    /// Where it can be read by anybody.
    program: PathBuf,
    is_root: bool,
}

impl Strange {
    fn new() -> Option<Self> {
        let place = Place::new();
        set_mode(place.path(), 0o755);
        let is_root = rustix::process::geteuid().is_root();
        let program = place.path().join("eventstream");
        fs::copy(env!("CARGO_BIN_EXE_eventstream"), &program).unwrap();
        let strange = Self { place, program, is_root };
        // Root may do everything, so that it has to be somebody else.
        let mut probe = strange.as_nobody();
        probe.arg("--version");
        if let Err(error) = probe.output() {
            not_run(&format!("setpriv can't be run: {error}"));
            return None;
        }
        Some(strange)
    }

    fn as_nobody(&self) -> Command {
        let mut command = if self.is_root {
            let mut command = Command::new("setpriv");
            let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
            command.args([&user, &group, "--clear-groups"]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command.env_remove("CARGO_PKG_NAME").current_dir("/");
        command
    }

    fn run(&self, command: &str, args: &[&str], input: &str) -> Done {
        let mut program = self.as_nobody();
        program.arg(command).arg("--store").arg(&self.place.store).args(args);
        run(program, input.as_bytes())
    }

    /// It fails, names what can't be used, and says what to do.
    fn is_refused(&self, command: &str, args: &[&str], input: &str) {
        let done = self.run(command, args, input);
        done.assert_failed(&self.place.store.display().to_string());
        done.assert_failed("Permission denied");
        assert!(done.stderr.contains("hint: "), "{}", done.stderr);
    }

    /// Sets the permissions of the store's directory, and of the files in it.
    fn permit(&self, directory: u32, files: u32) {
        permit(&self.place.store, directory, files);
    }
}

impl Drop for Strange {
    fn drop(&mut self) {
        // So that it can be removed, by whomever.
        if self.place.store.exists() {
            self.permit(0o755, 0o644);
        }
    }
}

fn permit(path: &Path, directory: u32, files: u32) {
    set_mode(path, 0o755);
    for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            permit(&entry.path(), directory, files);
        } else {
            set_mode(&entry.path(), files);
        }
    }
    set_mode(path, directory);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_may_be_read_is_read() {
    let Some(strange) = Strange::new() else { return };
    strange.place.append(&[], SAMPLE).assert_ok();
    strange.permit(0o555, 0o444);
    let done = strange.run("tail", &["--exit-at-end", "-o", "cloudevents"], "");
    done.assert_ok();
    assert!(done.stdout == SAMPLE);
    strange.run("info", &[], "").assert_ok();
    strange.run("verify", &[], "").assert_ok();

    strange.is_refused("append", &[], &events(0..3));
    // It works when the cause is gone.
    strange.permit(0o777, 0o666);
    strange.run("append", &[], &events(0..3)).assert_ok();
}

#[test]
fn what_may_not_be_read_is_named() {
    let Some(strange) = Strange::new() else { return };
    strange.place.append(&[], SAMPLE).assert_ok();
    for (directory, files) in [(0o000, 0o000), (0o755, 0o000), (0o000, 0o644)] {
        strange.permit(directory, files);
        strange.is_refused("tail", &["--exit-at-end"], "");
        strange.is_refused("info", &[], "");
        strange.is_refused("verify", &[], "");
        strange.is_refused("append", &[], &events(0..3));
    }
    strange.permit(0o755, 0o644);
    assert!(strange.place.exported() == SAMPLE);
}

#[test]
fn where_nothing_may_be_made_no_store_is_made() {
    let Some(strange) = Strange::new() else { return };
    set_mode(strange.place.path(), 0o555);
    strange.is_refused("append", &[], &events(0..3));
    fs::create_dir(&strange.place.store)
        .or_else(|error| {
            // Without root's rights the directory has to be writable for us, too.
            set_mode(strange.place.path(), 0o755);
            fs::create_dir(&strange.place.store).map_err(|_| error)
        })
        .unwrap();
    strange.permit(0o555, 0o444);
    strange.is_refused("append", &[], &events(0..3));
    set_mode(strange.place.path(), 0o755);
}

#[test]
fn a_database_that_may_not_be_used_is_named() {
    let Some(strange) = Strange::new() else { return };
    let directory = strange.place.path().join("demo");
    let mut demo = program();
    demo.arg("demo").arg("--dir").arg(&directory);
    run(demo, b"").assert_ok();
    let db = directory.join("summary.db");
    let run_as_nobody = |command: &str| {
        let mut program = strange.as_nobody();
        program.args(command.split(' ')).arg("--db").arg(&db);
        run(program, b"")
    };
    let reading = ["consumers list", "parked list"];
    let writing = [
        "consumers reset --consumer summary --to 3",
        "consumers remove --consumer summary",
        "parked drop --consumer summary 3",
    ];
    let refused = |commands: &[&str]| {
        for command in commands {
            let done = run_as_nobody(command);
            done.assert_failed(&db.display().to_string());
            assert!(done.stderr.contains("SQLite writes beside the file"), "{}", done.stderr);
        }
    };
    for (directory_mode, mode) in [(0o755, 0o600), (0o755, 0o644), (0o700, 0o666)] {
        set_mode(&directory, directory_mode);
        set_mode(&db, mode);
        refused(&reading);
        refused(&writing);
    }
    set_mode(&directory, 0o777);
    set_mode(&db, 0o444);
    for command in reading {
        run_as_nobody(command).assert_ok();
    }
    refused(&writing[..2]);
    set_mode(&db, 0o666);
    let files = fs::read_dir(&directory).unwrap().map(|it| it.unwrap().path());
    for file in files.filter(|it| it != &db && it.is_file()) {
        set_mode(&file, 0o666);
    }
    run_as_nobody(writing[0]).assert_ok();
}
