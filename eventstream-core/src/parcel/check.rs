//! The rules that an envelope has to keep, checked on its wire bytes: at the door, once.

use bytes::Bytes;

use super::{
    index::{Index, Positions},
    number, pair,
    wire::{Fields, MAX_LEN},
};
use crate::{Error, Parcel, Result, timestamp};

/// How many characters are shown of a text that breaks a rule.
const SHOWN: usize = 100;

/// Checks all that there is to check.
pub(super) fn parcel(wire: Bytes) -> Result<Parcel> {
    fields(&wire)?;
    let parcel = Parcel::from_trusted_wire(wire)?;
    rules(&parcel)?;
    Ok(parcel)
}

/// Finds the fields; says whether the bytes are a message at all.
pub(super) fn index(wire: &[u8]) -> Result<Index> {
    let mut positions = Positions::default();
    for field in Fields::of(wire) {
        positions.note(&field.map_err(|problem| Error::invalid("envelope", problem))?);
    }
    Ok(positions.index())
}

/// Checks what can be seen field by field.
fn fields(wire: &[u8]) -> Result<()> {
    if wire.len() > MAX_LEN {
        return Err(Error::invalid("envelope", "is larger than 2 GiB"));
    }
    let mut identities_seen = [false; 3];
    for field in Fields::of(wire) {
        let field = field.map_err(|problem| Error::invalid("envelope", problem))?;
        let Some(name) = name(field.number) else {
            continue;
        };
        let Some(value) = field.value.map(|range| &wire[range]) else {
            return Err(Error::invalid(name, "is not of the wire type that it must have"));
        };
        match field.number {
            number::DATA => {}
            number::SOURCE_APPLICATION
            | number::SOURCE_HANDLER
            | number::SOURCE_SITE
            | number::ATTRIBUTES => {
                check_pair(name, value)?;
                let seen = match field.number {
                    number::SOURCE_APPLICATION => &mut identities_seen[0],
                    number::SOURCE_HANDLER => &mut identities_seen[1],
                    number::SOURCE_SITE => &mut identities_seen[2],
                    _ => continue,
                };
                if std::mem::replace(seen, true) {
                    return Err(Error::invalid(name, "stands there twice"));
                }
            }
            _ => {
                text(name, value)?;
            }
        }
    }
    Ok(())
}

/// Checks what the fields have to say together.
fn rules(parcel: &Parcel) -> Result<()> {
    for (name, value) in [
        ("message_id", parcel.message_id()),
        ("causation_id", parcel.causation_id()),
        ("correlation_id", parcel.correlation_id()),
        ("portable_name", parcel.event_type()),
        ("media_type", parcel.media_type()),
        ("created_at", parcel.created_at_text()),
    ] {
        if value.is_empty() {
            return Err(Error::invalid(name, "is missing"));
        }
    }
    if parcel.identity(number::SOURCE_APPLICATION).is_none() {
        return Err(Error::invalid("source_application", "is missing"));
    }
    parcel.source_application().check("source_application")?;
    if let Some(site) = parcel.source_site() {
        site.check("source_site")?;
    }
    match parcel.source_handler() {
        Some(handler) => handler.check("source_handler")?,
        None if parcel.source_instance_id().is_empty() => {}
        None => {
            return Err(Error::invalid("source_instance_id", "is there without a handler"));
        }
    }
    timestamp::parse(parcel.created_at_text())
        .map_err(|problem| Error::invalid("created_at", problem.to_string()))?;
    if parcel.has(number::SCHEDULED_FOR) {
        return Err(Error::invalid("scheduled_for", "is for timeouts only, and this is an event"));
    }
    if !is_media_type(parcel.media_type()) {
        // It may be long, and what is escaped of it longer still.
        let text: String = parcel.media_type().chars().take(SHOWN).collect();
        let more = if text.len() < parcel.media_type().len() { "…" } else { "" };
        let problem = format!("{text:?}{more} is not of the form type/subtype");
        return Err(Error::invalid("media_type", problem));
    }
    Ok(())
}

fn text<'a>(name: &'static str, value: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(value).map_err(|_| Error::invalid(name, "is not UTF-8"))
}

fn check_pair(name: &'static str, value: &[u8]) -> Result<()> {
    for field in Fields::of(value) {
        let field = field.map_err(|problem| Error::invalid(name, problem))?;
        if matches!(field.number, number::FIRST | number::SECOND) {
            let Some(range) = field.value else {
                return Err(Error::invalid(name, "has a part that is not of the type of a text"));
            };
            text(name, &value[range])?;
        }
    }
    if name == "attributes" && pair::read(value).0.is_empty() {
        return Err(Error::invalid(name, "has an entry without a key"));
    }
    Ok(())
}

/// A type and a subtype; parameters may follow.
fn is_media_type(text: &str) -> bool {
    let essence = text.split_once(';').map_or(text, |(essence, _)| essence.trim_end());
    let is_token = |text: &str| is_token(text.as_bytes());
    essence.split_once('/').is_some_and(|(main, subtype)| is_token(main) && is_token(subtype))
        && !text.contains(char::is_control)
}

/// At least one character, and none that RFC 9110 does not allow in a token.
pub(super) fn is_token(text: &[u8]) -> bool {
    const ALLOWED: [bool; 256] = {
        let mut allowed = [false; 256];
        let mut byte = 0_u8;
        while byte < 0x80 {
            allowed[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let others = b"!#$%&'*+-.^_`|~";
        let mut at = 0;
        while at < others.len() {
            allowed[others[at] as usize] = true;
            at += 1;
        }
        allowed
    };
    !text.is_empty() && text.iter().all(|byte| ALLOWED[usize::from(*byte)])
}

fn name(number: u32) -> Option<&'static str> {
    Some(match number {
        number::MESSAGE_ID => "message_id",
        number::CAUSATION_ID => "causation_id",
        number::CORRELATION_ID => "correlation_id",
        number::SOURCE_APPLICATION => "source_application",
        number::SOURCE_HANDLER => "source_handler",
        number::SOURCE_INSTANCE_ID => "source_instance_id",
        number::CREATED_AT => "created_at",
        number::SCHEDULED_FOR => "scheduled_for",
        number::DESCRIPTION => "description",
        number::PORTABLE_NAME => "portable_name",
        number::MEDIA_TYPE => "media_type",
        number::DATA => "data",
        number::SOURCE_SITE => "source_site",
        number::ATTRIBUTES => "attributes",
        _ => return None,
    })
}
