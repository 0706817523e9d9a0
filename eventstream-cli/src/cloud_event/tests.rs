mod errors;
mod foreign;
mod round_trip;

use std::collections::BTreeMap;

use eventstream_core::{Identity, Parcel};
use serde_json::value::RawValue;

use super::{compact_json, read, write};

fn application() -> Identity {
    Identity::new("test", "app-key")
}

fn import(line: &str) -> Parcel {
    match read(line, &application()) {
        Ok(parcel) => parcel,
        Err(problem) => panic!("line{problem}\n{line}"),
    }
}

fn export(parcel: &Parcel) -> String {
    let mut out = Vec::new();
    write(parcel, &mut out);
    String::from_utf8(out).unwrap()
}

/// An event with the members that it has to have, and these.
fn event(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"specversion":"1.0","id":"i","source":"/s","type":"t"{comma}{members}}}"#)
}

/// The members of an event, each in a form that is equal if, and only if, the JSON values are:
/// strings decoded, and everything else the text that it is, so that 1 is not 1.0.
fn members(line: &str) -> BTreeMap<String, String> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).unwrap();
    members
        .into_iter()
        .map(|(name, value)| {
            let value = match serde_json::from_str::<String>(value.get()) {
                Ok(text) => format!("text {text}"),
                Err(_) => compact_json(value.get().as_bytes()).unwrap().into_owned(),
            };
            (name, value)
        })
        .collect()
}

fn assert_comes_back(line: &str) {
    let exported = export(&import(line));
    assert_eq!(members(&exported), members(line), "\n{line}\n{exported}");
    assert!(!exported.contains(['\n', '\r']), "{exported}");
    assert_eq!(export(&import(&exported)), exported);
}
