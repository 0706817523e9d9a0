//! The payload: JSON as the text that it is, other text, or bytes.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    Problem, form,
    members::{Member, Members, excerpt},
};

/// How a payload stands in the JSON of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Not at all.
    Absent,
    /// `data`, which is null and means no payload.
    Null,
    /// `data`, any JSON value: the payload is its text.
    Json,
    /// `data`, a JSON string: the payload is what the string says.
    Text,
    /// `data_base64`.
    Base64,
    /// `data_base64`, and `data`, which is null.
    Base64BesideNull,
}

const FORMS: [(Form, &str); 6] = [
    (Form::Absent, form::OMITTED),
    (Form::Null, form::NULL),
    (Form::Json, "json"),
    (Form::Text, "text"),
    (Form::Base64, "base64"),
    (Form::Base64BesideNull, "base64 beside null"),
];

/// Takes the payload out, and remembers its form if it is not the usual one.
pub(super) fn read(
    members: &mut Members<'_>,
    media_type: &str,
    attributes: &mut BTreeMap<String, String>,
) -> Result<Bytes, Problem> {
    let base64 = members.take("data_base64")?;
    let json = members.take_json("data");
    let (form, payload): (_, Vec<u8>) = match (json, base64) {
        (json, Member::Text(base64)) => {
            let form = match json {
                None => Form::Base64,
                Some("null") => Form::Base64BesideNull,
                Some(_) => {
                    return Err(Problem::new(
                        " has both `data` and `data_base64`: leave one of them out",
                    ));
                }
            };
            (form, decode(&base64)?)
        }
        (_, Member::Other(other)) => {
            return Err(Problem::of_member(
                "data_base64",
                format_args!("is {}: it has to be a text", excerpt(other)),
            ));
        }
        (json, absent) => {
            if absent == Member::Null {
                form::remember(attributes, "data_base64", form::NULL);
            }
            match json {
                None => (Form::Absent, Vec::new()),
                Some(json) if is_json(media_type) => (Form::Json, json.into()),
                Some("null") => (Form::Null, Vec::new()),
                Some(json) if json.starts_with('"') => {
                    let text: String = serde_json::from_str(json)
                        .map_err(|_| Problem::of_member("data", "is no Unicode text"))?;
                    (Form::Text, text.into())
                }
                Some(json) => (Form::Json, json.into()),
            }
        }
    };
    // JSON came as JSON: no need to find that out again, for the most frequent case.
    let usual = form == Form::Json && is_json(media_type);
    if !usual && usual_form(&payload, media_type) != form {
        for (known, name) in FORMS {
            if known == form {
                form::remember(attributes, "data", name);
            }
        }
    }
    Ok(payload.into())
}

fn decode(base64: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(base64).map_err(|_| {
        Problem::of_member("data_base64", "is not valid Base64 (RFC 4648, with padding)")
    })
}

/// The form in which a payload is written.
pub(super) fn form_of(payload: &[u8], media_type: &str, remembered: Option<&str>) -> Form {
    let remembered = FORMS
        .into_iter()
        .find(|(_, name)| Some(*name) == remembered)
        .map(|(form, _)| form)
        // Attributes can be written by anyone: a form counts only if it can be true.
        .filter(|form| match form {
            Form::Absent | Form::Null => payload.is_empty(),
            Form::Json => json(payload).is_some(),
            Form::Text => std::str::from_utf8(payload).is_ok(),
            Form::Base64 | Form::Base64BesideNull => true,
        });
    remembered.unwrap_or_else(|| usual_form(payload, media_type))
}

fn usual_form(payload: &[u8], media_type: &str) -> Form {
    if payload.is_empty() {
        Form::Absent
    } else if is_json(media_type) {
        match json(payload) {
            Some(_) => Form::Json,
            None => Form::Base64,
        }
    } else if is_text(media_type) && std::str::from_utf8(payload).is_ok() {
        Form::Text
    } else {
        Form::Base64
    }
}

pub(super) fn encode(payload: &[u8]) -> String {
    STANDARD.encode(payload)
}

/// Whether a media type is one of JSON's: its subtype is `json`, or ends with `+json`.
pub(crate) fn is_json(media_type: &str) -> bool {
    let subtype = essence(media_type).split_once('/').map_or("", |(_, sub)| sub);
    let start = subtype.len().saturating_sub("+json".len());
    subtype.eq_ignore_ascii_case("json")
        || subtype.get(start..).is_some_and(|end| end.eq_ignore_ascii_case("+json"))
}

fn is_text(media_type: &str) -> bool {
    essence(media_type).split_once('/').is_some_and(|(main, _)| main.eq_ignore_ascii_case("text"))
}

fn essence(media_type: &str) -> &str {
    media_type.split_once(';').map_or(media_type, |(essence, _)| essence).trim()
}

/// The payload as JSON text on one line, if it is JSON: nothing of it is changed but the white
/// space between its parts.
pub(crate) fn compact_json(payload: &[u8]) -> Option<Cow<'_, str>> {
    let text = json(payload)?;
    let mut in_string = false;
    let mut escaped = false;
    // White space between the parts, and nothing else, is dropped.
    let mut keep = |byte: u8| {
        if in_string {
            in_string = byte != b'"' || escaped;
            escaped = byte == b'\\' && !escaped;
            true
        } else {
            in_string = byte == b'"';
            !byte.is_ascii_whitespace()
        }
    };
    let Some(first) = text.bytes().position(|byte| !keep(byte)) else {
        return Some(Cow::Borrowed(text));
    };
    let mut compact = text[..first].to_owned();
    compact.extend(text[first + 1..].chars().filter(|c| {
        // Only bytes of ASCII open, close or separate anything.
        keep(u8::try_from(*c).unwrap_or(b'x'))
    }));
    Some(Cow::Owned(compact))
}

fn json(payload: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(payload).ok()?;
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    Some(raw.get())
}
