//! From the members of an event to the fields of an envelope.

use std::collections::BTreeMap;

use eventstream_core::{Envelope, Identity, Timestamp};

use super::{
    Problem, form,
    members::{Member, Members, excerpt},
    payload,
};
use crate::naming;

/// The media type of an event that doesn't name one: so the specification has it.
const DEFAULT_MEDIA_TYPE: &str = "application/json";

pub(super) fn to_envelope(
    mut members: Members<'_>,
    application: &Identity,
) -> Result<Envelope, Problem> {
    let version = members.take_required("specversion")?;
    if version != "1.0" {
        return Err(Problem::of_member(
            "specversion",
            format_args!("is {:?}: only CloudEvents \"1.0\" can be read", excerpt(&version)),
        ));
    }
    let id = members.take_required("id")?;
    let source = members.take_required("source")?;
    let event_type = members.take_required("type")?;

    let mut attributes = BTreeMap::new();
    let subject = match members.take_text("subject")? {
        Ok(subject) => subject,
        Err(absent) => {
            if absent == Member::Null {
                form::remember(&mut attributes, "subject", form::NULL);
            }
            String::new()
        }
    };
    let created_at = match members.take_text("time")? {
        Ok(time) => point_in_time(&time, &mut attributes)?,
        Err(absent) => {
            remember_absence(&mut attributes, "time", &absent);
            Timestamp::now()
        }
    };
    let media_type = match members.take_text("datacontenttype")? {
        Ok(media_type) => media_type,
        Err(absent) => {
            remember_absence(&mut attributes, "datacontenttype", &absent);
            DEFAULT_MEDIA_TYPE.to_owned()
        }
    };
    let correlation_id = ancestor("correlationid", &mut members, &id, &mut attributes)?;
    let causation_id = ancestor("causationid", &mut members, &id, &mut attributes)?;
    let data = payload::read(&mut members, &media_type, &mut attributes)?;
    for (name, member) in members.rest() {
        extension(name, member?, &mut attributes)?;
    }

    Ok(Envelope {
        causation_id,
        correlation_id,
        source_handler: Some(Identity::new(&source, naming::key_of(&source))),
        source_instance_id: subject,
        created_at,
        data,
        attributes,
        ..Envelope::new(id, application.clone(), event_type, media_type)
    })
}

/// Reads a time. The envelope has room for nine digits of a second's fraction; what has more is
/// remembered as it is.
fn point_in_time(
    time: &str,
    attributes: &mut BTreeMap<String, String>,
) -> Result<Timestamp, Problem> {
    let problem = match time.parse() {
        Ok(timestamp) => return Ok(timestamp),
        Err(problem) => problem,
    };
    if let Some(timestamp) = form::with_nine_digits(time).and_then(|text| text.parse().ok()) {
        form::remember(attributes, "time", time);
        return Ok(timestamp);
    }
    Err(Problem::of_member("time", format_args!("{problem}: {:?}", excerpt(time))))
}

/// Reads the id of an ancestor; where none is named, it is the event's own.
fn ancestor(
    name: &str,
    members: &mut Members<'_>,
    id: &str,
    attributes: &mut BTreeMap<String, String>,
) -> Result<String, Problem> {
    let member = members.take(name)?;
    match &member {
        Member::Absent | Member::Null => {
            remember_absence(attributes, name, &member);
            return Ok(id.to_owned());
        }
        Member::Text(text) if text.is_empty() => {
            return Err(Problem::of_member(name, "is empty: name an event, or leave it out"));
        }
        Member::Text(_) | Member::Other(_) => {}
    }
    scalar(name, member, attributes)
}

fn extension(
    name: String,
    member: Member<'_>,
    attributes: &mut BTreeMap<String, String>,
) -> Result<(), Problem> {
    if name.is_empty() {
        return Err(Problem::new(" has an attribute without a name"));
    }
    if name.starts_with(form::PREFIX) {
        return Err(Problem::of_member(
            &name,
            "is a name that is kept for eventstream itself: attributes have lower-case letters \
             and digits in their names",
        ));
    }
    if member == Member::Null {
        form::remember(attributes, &name, form::NULL);
    } else {
        let value = scalar(&name, member, attributes)?;
        attributes.insert(name, value);
    }
    Ok(())
}

/// The text of an attribute's value; remembers if it is of another type.
fn scalar(
    name: &str,
    member: Member<'_>,
    attributes: &mut BTreeMap<String, String>,
) -> Result<String, Problem> {
    let json = match member {
        Member::Text(text) => return Ok(text),
        Member::Other(json) => json,
        Member::Absent | Member::Null => "null",
    };
    let form = if form::is_boolean(json) {
        form::BOOLEAN
    } else if form::is_integer(json) {
        form::INTEGER
    } else {
        return Err(Problem::of_member(
            name,
            format_args!(
                "is {}: an attribute has to be a text, a whole number, true or false",
                excerpt(json)
            ),
        ));
    };
    form::remember(attributes, name, form);
    Ok(json.to_owned())
}

fn remember_absence(attributes: &mut BTreeMap<String, String>, name: &str, absent: &Member<'_>) {
    let form = match absent {
        Member::Null => form::NULL,
        _ => form::OMITTED,
    };
    form::remember(attributes, name, form);
}
