use std::{
    env,
    ffi::OsString,
    io::{self, Write},
};

/// Which `nats-server` a test takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// One that publishes batches.
    New,
    /// One that doesn't, and knows neither metadata nor several filters.
    Old,
}

impl Program {
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::New => "EVENTSTREAM_NATS_SERVER",
            Self::Old => "EVENTSTREAM_OLD_NATS_SERVER",
        }
    }

    /// Where it is, if it is there.
    pub(crate) fn find(self) -> Option<OsString> {
        env::var_os(self.variable()).filter(|found| !found.is_empty())
    }

    /// What is missing, for people.
    pub(crate) fn missing(self) -> String {
        let version = match self {
            Self::New => "2.12 or later",
            Self::Old => "2.9",
        };
        format!(
            "{} has to be a nats-server of version {version}; ./test installs one",
            self.variable()
        )
    }
}

/// The program, or `None` where there is none; where all tests are to be run, that is a failure.
pub(crate) fn program(wanted: Program) -> Option<OsString> {
    let found = wanted.find();
    if found.is_none() {
        not_run(&wanted.missing());
    }
    found
}

/// Says that a test can't be run here; where all are to be run, that is a failure.
pub(crate) fn not_run(why: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let text = format!("{name} did NOT run: {why}");
    assert!(env::var_os("EVENTSTREAM_TEST_ALL").is_none(), "{text}");
    // Not by a macro: those are heard only when a test fails.
    let _ = writeln!(io::stderr(), "{text}");
}
