use std::{
    env,
    io::{self, Write},
};

/// Says that a test can't be run here; where all are to be run, that is a failure.
pub(crate) fn not_run(why: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let text = format!("{name} did NOT run: {why}");
    assert!(env::var_os("EVENTSTREAM_TEST_ALL").is_none(), "{text}");
    // Not by a macro: those are heard only when a test fails.
    let _ = writeln!(io::stderr(), "{text}");
}
