//! Stores that are served, and programs that connect.

use std::process::Command;

use rustix::process::Signal;

use crate::harness::*;

/// A server that is ready; killed when this is dropped.
pub(crate) struct Served {
    running: Running,
    pub(crate) ready: String,
    pub(crate) url: String,
}

impl Served {
    /// Serves a store at a free port.
    pub(crate) fn start(place: &Place, args: &[&str]) -> Self {
        Self::start_at(place, "127.0.0.1:0", args)
    }

    pub(crate) fn start_at(place: &Place, address: &str, args: &[&str]) -> Self {
        Self::of(serve(place, address, args))
    }

    pub(crate) fn of(command: Command) -> Self {
        let mut running = Running::start(command);
        let ready = running.line();
        let url = ready.rsplit(' ').next().unwrap().to_owned();
        Self { running, ready, url }
    }

    /// Where it listens: what follows the scheme.
    pub(crate) fn address(&self) -> String {
        self.url.split_once("://").unwrap().1.to_owned()
    }

    pub(crate) fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }

    pub(crate) fn command(&self, command: &str, args: &[&str]) -> Command {
        connected(&self.url, command, args)
    }

    pub(crate) fn run(&self, command: &str, args: &[&str]) -> Done {
        run(self.command(command, args), b"")
    }

    pub(crate) fn append(&self, args: &[&str], input: impl AsRef<[u8]>) -> Done {
        run(self.command("append", args), input.as_ref())
    }

    /// All events, as `append` reads them.
    pub(crate) fn exported(&self) -> String {
        let done = self.run("tail", &["--exit-at-end", "-o", "cloudevents"]);
        done.assert_ok();
        done.stdout
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Kills it, and says where it was.
    pub(crate) fn kill(self) -> String {
        let address = self.address();
        self.running.signal(Signal::KILL);
        self.running.end();
        address
    }

    pub(crate) fn end(self) -> Done {
        self.running.end()
    }
}

pub(crate) fn serve(place: &Place, address: &str, args: &[&str]) -> Command {
    let mut command = place.command("serve", &["--listen", address, "--log-level", "warn"]);
    command.args(args);
    command
}

pub(crate) fn connected(url: &str, command: &str, args: &[&str]) -> Command {
    let mut program = program();
    program.args([command, "--connect", url]).args(args);
    program
}
