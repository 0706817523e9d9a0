//! From a parcel to the JSON of an event.

use std::borrow::Cow;

use eventstream_core::Parcel;

use super::{
    form::{self, Attributes},
    payload::{self, Form},
};
use crate::naming;

/// Names that are not for extensions: an attribute of that name has no place in the JSON.
pub(super) const TAKEN: [&str; 11] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "correlationid",
    "causationid",
    "data",
    "data_base64",
];

/// Adds the event to `out` as one JSON object on one line, without the line's end.
pub(crate) fn write(parcel: &Parcel, out: &mut Vec<u8>) {
    let attributes = Attributes::split(parcel.attributes());
    let mut object = Object { out };

    object.out.extend_from_slice(br#"{"specversion":"1.0""#);
    object.text("id", parcel.message_id());
    object.text("source", &source(parcel));
    match (parcel.source_instance_id(), attributes.form("subject")) {
        ("", Some(form::NULL)) => object.raw("subject", "null"),
        ("", _) => {}
        (subject, _) => object.text("subject", subject),
    }
    object.text("type", parcel.event_type());
    match attributes.form("time") {
        Some(form::OMITTED) => {}
        Some(form::NULL) => object.raw("time", "null"),
        Some(longer) if is_longer_form_of(longer, parcel) => object.text("time", longer),
        _ => object.text("time", parcel.created_at_text()),
    }
    for (member, value) in [
        ("datacontenttype", parcel.media_type()),
        ("correlationid", parcel.correlation_id()),
        ("causationid", parcel.causation_id()),
    ] {
        object.scalar(member, value, attributes.form(member));
    }
    for (member, value) in &attributes.extensions {
        if !TAKEN.contains(member) {
            object.scalar(member, value, attributes.form(member));
        }
    }
    for (member, form) in &attributes.forms {
        if *form == form::NULL
            && !TAKEN.contains(member)
            && !attributes.extensions.contains_key(member)
        {
            object.raw(member, "null");
        }
    }
    object.payload(parcel, &attributes);
    out.push(b'}');
}

/// The event's source: its handler, or else its application.
pub(crate) fn source(parcel: &Parcel) -> Cow<'_, str> {
    match parcel.source_handler() {
        Some(handler) => handler.name.into(),
        None => naming::uri_of(parcel.source_application()).into(),
    }
}

fn is_longer_form_of(time: &str, parcel: &Parcel) -> bool {
    form::with_nine_digits(time).as_deref() == Some(parcel.created_at_text())
}

struct Object<'a> {
    out: &'a mut Vec<u8>,
}

impl Object<'_> {
    fn raw(&mut self, name: &str, json: &str) {
        self.out.push(b',');
        push_string(self.out, name);
        self.out.push(b':');
        self.out.extend_from_slice(json.as_bytes());
    }

    fn text(&mut self, name: &str, value: &str) {
        self.out.push(b',');
        push_string(self.out, name);
        self.out.push(b':');
        push_string(self.out, value);
    }

    /// A value in the form that is remembered, if it can be true.
    fn scalar(&mut self, name: &str, value: &str, form: Option<&str>) {
        match form {
            Some(form::OMITTED) => {}
            Some(form::NULL) => self.raw(name, "null"),
            Some(form::BOOLEAN) if form::is_boolean(value) => self.raw(name, value),
            Some(form::INTEGER) if form::is_integer(value) => self.raw(name, value),
            _ => self.text(name, value),
        }
    }

    fn payload(&mut self, parcel: &Parcel, attributes: &Attributes<'_>) {
        let data = parcel.data();
        match payload::form_of(&data, parcel.media_type(), attributes.form("data")) {
            Form::Absent => {}
            Form::Null => self.raw("data", "null"),
            Form::Json => {
                let json = payload::compact_json(&data).unwrap_or_default();
                self.raw("data", &json);
            }
            Form::Text => self.text("data", std::str::from_utf8(&data).unwrap_or_default()),
            form @ (Form::Base64 | Form::Base64BesideNull) => {
                if form == Form::Base64BesideNull {
                    self.raw("data", "null");
                }
                self.text("data_base64", &payload::encode(&data));
                return;
            }
        }
        if attributes.form("data_base64") == Some(form::NULL) {
            self.raw("data_base64", "null");
        }
    }
}

/// Adds a text as a JSON string.
fn push_string(out: &mut Vec<u8>, text: &str) {
    // Writing a text to memory can't fail.
    let _ = serde_json::to_writer(out, text);
}
