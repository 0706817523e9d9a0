//! The fields of an envelope, to the wire and back; and an envelope in JSON.

use arbitrary::{Result, Unstructured};
use eventstream_core::{Envelope, Error, Identity, Parcel};
use prost::Message;

use crate::dogma;

/// Beginnings of an envelope in JSON.
pub const WORDS: &[&[u8]] = &[
    b"\"message_id\":",
    b"\"attributes\":{",
    b"\"data\":[1,255]",
    b"\"key\":",
    b"null",
    b"\\u0000",
];

const TEXTS: [&str; 12] = [
    "",
    " ",
    "two words",
    "\u{2003}",
    "text/plain",
    "a/b; c=\"d\"",
    "a/",
    "\n",
    "é",
    "\u{10ffff}",
    "2026-02-30T00:00:00Z",
    "9999-12-31T23:59:60Z",
];

/// An envelope of any fields is sealed into what prost would write, and is the same when it is read;
/// or it is refused for a field that is not as it should be.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    from_json(data);
    let mut input = Unstructured::new(data);
    let mut drawn = Drawn { envelope: sound(), changed: Vec::new() };
    // What is left of an envelope when the bytes are used up is a sound one.
    let _ = drawn.draw(&mut input);
    let Drawn { envelope, changed } = drawn;

    let json = serde_json::to_vec(&envelope).expect("it has nothing that JSON has not");
    assert_eq!(serde_json::from_slice::<Envelope>(&json).expect("it was written"), envelope);
    match Parcel::seal(envelope.clone()) {
        Ok(parcel) => {
            let received = Parcel::from_wire(parcel.wire().clone()).expect("it was sealed");
            assert_eq!(received, parcel);
            assert_eq!(received.to_envelope(), envelope);
            assert_eq!(*parcel.wire(), dogma::Envelope::from(envelope).encode_to_vec());
        }
        Err(Error::InvalidEnvelope { field, problem }) => {
            // An instance needs its handler.
            let concerned =
                [field, if field == "source_instance_id" { "source_handler" } else { field }];
            assert!(changed.iter().any(|name| concerned.contains(name)), "{field} {problem}");
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn from_json(data: &[u8]) {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(data) else { return };
    let json = serde_json::to_vec(&envelope).expect("it was read");
    assert_eq!(serde_json::from_slice::<Envelope>(&json).expect("it was written"), envelope);
    if let Ok(parcel) = Parcel::seal(envelope.clone()) {
        assert_eq!(parcel.to_envelope(), envelope);
    }
}

fn sound() -> Envelope {
    Envelope {
        causation_id: "c".to_owned(),
        correlation_id: "r".to_owned(),
        source_handler: Some(Identity::new("handler", "h")),
        source_instance_id: "i".to_owned(),
        created_at: "2026-01-01T00:00:00Z".parse().expect("a time"),
        ..Envelope::new("m", Identity::new("app", "a"), "type", "text/plain")
    }
}

/// A sound envelope some of whose fields have been changed.
struct Drawn {
    envelope: Envelope,
    /// Their names on the wire.
    changed: Vec<&'static str>,
}

impl Drawn {
    fn draw(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        while !input.is_empty() {
            let field = input.int_in_range(0..=13)?;
            let envelope = &mut self.envelope;
            let name = match field {
                0 => set(&mut envelope.message_id, "message_id", input)?,
                1 => set(&mut envelope.causation_id, "causation_id", input)?,
                2 => set(&mut envelope.correlation_id, "correlation_id", input)?,
                3 => {
                    envelope.source_application = identity(input)?;
                    "source_application"
                }
                4 => {
                    envelope.source_handler = maybe(input, identity)?;
                    "source_handler"
                }
                5 => set(&mut envelope.source_instance_id, "source_instance_id", input)?,
                6 => {
                    if let Ok(time) = text(input)?.parse() {
                        envelope.created_at = time;
                    }
                    "created_at"
                }
                7 => {
                    envelope.scheduled_for = text(input)?.parse().ok();
                    "scheduled_for"
                }
                8 => set(&mut envelope.description, "description", input)?,
                9 => set(&mut envelope.portable_name, "portable_name", input)?,
                10 => set(&mut envelope.media_type, "media_type", input)?,
                11 => {
                    envelope.data = input.arbitrary::<Vec<u8>>()?.into();
                    "data"
                }
                12 => {
                    envelope.source_site = maybe(input, identity)?;
                    "source_site"
                }
                _ => {
                    envelope.attributes.insert(text(input)?, text(input)?);
                    "attributes"
                }
            };
            self.changed.push(name);
        }
        Ok(())
    }
}

fn set(
    field: &mut String,
    name: &'static str,
    input: &mut Unstructured<'_>,
) -> Result<&'static str> {
    *field = text(input)?;
    Ok(name)
}

fn text(input: &mut Unstructured<'_>) -> Result<String> {
    if input.ratio(1, 3)? {
        return input.choose(&TEXTS).map(|text| (*text).to_owned());
    }
    let text: &str = input.arbitrary()?;
    // Long ones, too: lengths have a second byte from 128 on.
    let times = if input.ratio(1, 8)? { 100 } else { 1 };
    Ok(text.repeat(times))
}

fn identity(input: &mut Unstructured<'_>) -> Result<Identity> {
    Ok(Identity::new(text(input)?, text(input)?))
}

fn maybe<T>(
    input: &mut Unstructured<'_>,
    draw: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if input.arbitrary()? { draw(input).map(Some) } else { Ok(None) }
}
