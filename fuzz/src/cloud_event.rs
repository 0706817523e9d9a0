//! Lines of `CloudEvents`, as the program reads and writes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use eventstream_core::{Identity, Parcel};
use serde_json::value::RawValue;

use crate::memory::bounded;

// The program's own modules: it is no library.
#[allow(dead_code, unused_imports)]
#[path = "../../eventstream-cli/src/cloud_event/mod.rs"]
mod format;
#[allow(dead_code)]
#[path = "../../eventstream-cli/src/commands/append/lines.rs"]
mod lines;

/// Parts of an event.
pub const WORDS: &[&[u8]] = &[
    b"{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"t\"",
    b",\"subject\":null",
    b",\"time\":\"2026-01-01T00:00:00.1234567890Z\"",
    b",\"datacontenttype\":\"text/plain\"",
    b",\"data\":",
    b",\"data_base64\":\"AA==\"",
    b",\"correlationid\":1",
    b",\"causationid\":true",
    b",\"x\":-0",
    b",\"ce:x\":\"\"",
    b"\\ud800",
    b"\\u0000",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"null",
    b"}\n{",
];

/// The longest line that is read here.
const LONGEST: usize = 2048;

/// What is read is written as it came, and is the same when it is read again; what was never a line
/// is written as one that can be read.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    let application = Identity::new("fuzz", "fuzz-key");
    let mut lines = lines::Lines::new(data, LONGEST);
    loop {
        match lines.next() {
            Ok(Some(line)) => check_line(line, &application),
            Ok(None) => {
                assert_eq!(lines.position(), data.len() as u64);
                break;
            }
            Err(lines::LineError::TooLong) => {
                assert!(data.split(|byte| *byte == b'\n').any(|line| line.len() > LONGEST));
                break;
            }
            Err(lines::LineError::NotUtf8(at)) => {
                assert!(at > 0 && std::str::from_utf8(data).is_err());
                break;
            }
            Err(lines::LineError::Io(error)) => panic!("{error}"),
        }
    }
    if let Ok(parcel) = Parcel::from_wire(Bytes::copy_from_slice(data)) {
        foreign(&parcel, &application);
    }
}

fn check_line(line: &str, application: &Identity) {
    assert!(line.len() <= LONGEST && !line.is_empty() && line.trim_ascii() == line);
    match bounded(16 * 1024 + 64 * line.len(), || format::read(line, application)) {
        Ok(parcel) => {
            assert!(parcel.is_from(application));
            let exported = export(&parcel);
            assert_eq!(members(&exported), members(line), "\n{line}\n{exported}");
            let again = format::read(&exported, application).expect("it was written");
            assert_eq!(export(&again), exported);
        }
        Err(problem) => assert!(!problem.to_string().is_empty()),
    }
}

/// An event that some other program has appended.
fn foreign(parcel: &Parcel, application: &Identity) {
    let line = export(parcel);
    let names: Vec<_> = members(&line).into_keys().collect();
    assert!(names.iter().any(|name| name == "specversion"), "{line}");
    let read = match format::read(&line, application) {
        Ok(read) => read,
        Err(problem) => panic!("line{problem}\n{line}"),
    };
    assert_eq!(read.message_id(), parcel.message_id());
    assert_eq!(read.event_type(), parcel.event_type());
    assert_eq!(export(&read), line);
}

fn export(parcel: &Parcel) -> String {
    let mut out = Vec::new();
    format::write(parcel, &mut out);
    let line = String::from_utf8(out).expect("JSON is UTF-8");
    assert!(!line.contains(['\n', '\r']), "{line}");
    line
}

/// The members of an event, each in a form that is equal if the JSON values are, and whose numbers
/// have the same digits.
fn members(line: &str) -> BTreeMap<String, String> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).expect("JSON");
    members
        .into_iter()
        .map(|(name, value)| {
            let value = match serde_json::from_str::<String>(value.get()) {
                Ok(text) => format!("text {text}"),
                Err(_) => format::compact_json(value.get().as_bytes()).expect("JSON").into_owned(),
            };
            (name, value)
        })
        .collect()
}
