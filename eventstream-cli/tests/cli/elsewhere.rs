//! Stores that are chosen by a location, whatever it is.

use std::{
    env, fs,
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::Value;

use crate::{harness::*, nats, postgres};

/// A store that may be anywhere.
pub(crate) struct Elsewhere(pub(crate) String);

impl Elsewhere {
    /// One in each engine that there is here: none of them is there yet. The first is a directory in
    /// the place.
    pub(crate) fn each(place: &Place) -> Vec<Self> {
        let directory = Some(place.store.to_str().unwrap().to_owned());
        let all = [
            directory,
            postgres::location(),
            nats::location(nats::Program::New),
            nats::location(nats::Program::Old),
        ];
        all.into_iter().flatten().map(Self).collect()
    }

    pub(crate) fn command(&self, command: &str, args: &[&str]) -> Command {
        let mut program = program();
        program.arg(command).args(["--store", &self.0]).args(args);
        program
    }

    pub(crate) fn run(&self, command: &str, args: &[&str]) -> Done {
        run(self.command(command, args), b"")
    }

    pub(crate) fn append(&self, args: &[&str], input: impl AsRef<[u8]>) -> Done {
        run(self.command("append", args), input.as_ref())
    }

    pub(crate) fn info(&self) -> Value {
        let done = self.run("info", &["-o", "json"]);
        done.assert_ok();
        serde_json::from_str(&done.stdout).unwrap()
    }

    /// All events, as `append` reads them.
    pub(crate) fn exported(&self) -> String {
        let done = self.run("tail", &["--exit-at-end", "-o", "cloudevents"]);
        done.assert_ok();
        done.stdout
    }
}

/// A name that nobody else has on a server.
pub(crate) fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Events of the real world: of the file that `EVENTSTREAM_HISTORY` names, or the bundled ones.
pub(crate) fn history() -> String {
    match env::var_os("EVENTSTREAM_HISTORY").filter(|path| !path.is_empty()) {
        Some(path) => fs::read_to_string(path).unwrap(),
        None => SAMPLE.to_owned(),
    }
}
