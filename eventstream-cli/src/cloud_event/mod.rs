//! `CloudEvents` 1.0 in JSON, to envelopes and back.
//!
//! | `CloudEvents` | envelope |
//! |---|---|
//! | `id` | `message_id` |
//! | `type` | `portable_name` |
//! | `source` | the name of `source_handler`; its key is the `UUIDv5` of the source (URL namespace) |
//! | `subject` | `source_instance_id` |
//! | `time` | `created_at`, verbatim; absent: now |
//! | `datacontenttype` | `media_type`; absent: `application/json` |
//! | `data`, `data_base64` | `data`: JSON as the text that it is, other text as UTF-8, or the bytes |
//! | `correlationid`, `causationid` | `correlation_id`, `causation_id`; absent: the id |
//! | `dataschema`, any extension attribute | `attributes` |
//!
//! Exporting gives back what came in, as JSON values: what was absent is absent again, numbers keep
//! their digits and objects their members. Where the fields alone would come out in another form,
//! an attribute named `ce:` and the name of the member remembers the form (see [`form`]); an event
//! that has all members of the table's left side, its `data` in the usual form, needs none.
//!
//! An event that was not imported has no such attributes. Its `source` is the name of its handler;
//! without one, `urn:uuid:` and the key of its application (or the application's name, if the key
//! is no UUID). Members that are not of the table (description, site) are left out.

mod envelope;
mod export;
mod form;
mod members;
mod payload;
mod problem;
#[cfg(test)]
mod tests;

use eventstream_core::{Identity, Parcel};

pub(crate) use export::{source, write};
pub(crate) use payload::{compact_json, is_json};
pub(crate) use problem::Problem;

/// Reads a line: one event, sealed for the application.
pub(crate) fn read(line: &str, application: &Identity) -> Result<Parcel, Problem> {
    let members = members::Members::parse(line)?;
    let envelope = envelope::to_envelope(members, application)?;
    Parcel::seal(envelope).map_err(|error| Problem::of_envelope(&error))
}
