//! An event with all fields of its envelope, as a line of JSON.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use eventstream_core::{Event, IdentityRef};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cloud_event::{compact_json, is_json};

#[derive(Serialize)]
struct Line<'a> {
    offset: u64,
    message_id: &'a str,
    causation_id: &'a str,
    correlation_id: &'a str,
    source_application: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_site: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_handler: Option<Named<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    source_instance_id: &'a str,
    created_at: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    portable_name: &'a str,
    media_type: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

/// A payload that can be read: JSON as JSON, other text as a string.
#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    key: &'a str,
}

impl<'a> From<IdentityRef<'a>> for Named<'a> {
    fn from(IdentityRef { name, key }: IdentityRef<'a>) -> Self {
        Self { name, key }
    }
}

/// Adds the event to `out`, without the line's end.
pub(crate) fn push_event(event: &Event, out: &mut Vec<u8>) {
    let parcel = &event.parcel;
    let payload = parcel.data();
    let json = if is_json(parcel.media_type()) { compact_json(&payload) } else { None };
    let data = match &json {
        Some(json) => serde_json::from_str(json).ok().map(Data::Json),
        None if payload.is_empty() || is_json(parcel.media_type()) => None,
        None => std::str::from_utf8(&payload).ok().map(Data::Text),
    };
    let line = Line {
        offset: event.offset,
        message_id: parcel.message_id(),
        causation_id: parcel.causation_id(),
        correlation_id: parcel.correlation_id(),
        source_application: parcel.source_application().into(),
        source_site: parcel.source_site().map(Named::from),
        source_handler: parcel.source_handler().map(Named::from),
        source_instance_id: parcel.source_instance_id(),
        created_at: parcel.created_at_text(),
        description: parcel.description(),
        portable_name: parcel.event_type(),
        media_type: parcel.media_type(),
        attributes: parcel.attributes().collect(),
        data_base64: (data.is_none() && !payload.is_empty()).then(|| STANDARD.encode(&payload)),
        data,
    };
    // Plain data, written to memory: can't fail.
    let _ = serde_json::to_writer(out, &line);
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Identity, Parcel};

    use super::*;

    fn line(change: impl FnOnce(&mut Envelope)) -> String {
        let mut envelope = Envelope::new("i", Identity::new("app", "k"), "t", "application/json");
        envelope.created_at = "2024-05-06T07:08:09Z".parse().unwrap();
        change(&mut envelope);
        let mut out = Vec::new();
        push_event(&Event::new(7, Parcel::seal(envelope).unwrap()), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_that_are_not_there_are_left_out() {
        assert_eq!(
            line(|_| {}),
            r#"{"offset":7,"message_id":"i","causation_id":"i","correlation_id":"i","source_application":{"name":"app","key":"k"},"created_at":"2024-05-06T07:08:09Z","portable_name":"t","media_type":"application/json"}"#
        );
    }

    #[test]
    fn every_field_has_a_place() {
        let line = line(|it| {
            it.causation_id = "c".into();
            it.correlation_id = "r".into();
            it.source_site = Some(Identity::new("site", "s"));
            it.source_handler = Some(Identity::new("handler", "h"));
            it.source_instance_id = "instance".into();
            it.description = "what happened".into();
            it.attributes.insert("a".into(), "b".into());
            it.data = "{\n \"x\": 1.0 }".into();
        });
        assert_eq!(
            line,
            r#"{"offset":7,"message_id":"i","causation_id":"c","correlation_id":"r","source_application":{"name":"app","key":"k"},"source_site":{"name":"site","key":"s"},"source_handler":{"name":"handler","key":"h"},"source_instance_id":"instance","created_at":"2024-05-06T07:08:09Z","description":"what happened","portable_name":"t","media_type":"application/json","attributes":{"a":"b"},"data":{"x":1.0}}"#
        );
    }

    #[test]
    fn a_payload_is_json_text_or_bytes() {
        for (media_type, data, expected) in [
            ("application/json", &b"\"x\""[..], r#""data":"x"}"#),
            ("application/json", b"{oops", r#""data_base64":"e29vcHM="}"#),
            ("text/plain", b"x\n", r#""data":"x\n"}"#),
            ("application/xml", b"<x/>", r#""data":"<x/>"}"#),
            ("image/png", b"\xff", r#""data_base64":"/w=="}"#),
            ("image/png", b"", r#""media_type":"image/png"}"#),
        ] {
            let line = line(|it| {
                it.media_type = media_type.into();
                it.data = data.into();
            });
            assert!(line.ends_with(expected), "{line}");
        }
    }
}
