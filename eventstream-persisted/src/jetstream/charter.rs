use std::fmt::Write;

use eventstream_core::{Identity, Incarnation};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    api::{StreamConfig, StreamInfo},
    error::{JetStreamError, Result},
};

/// The format of the subjects and of what is kept in the stream.
pub(super) const FORMAT: u32 = 1;

/// The key of the stream's metadata.
const KEY: &str = "eventstream";
/// What the description begins with on servers that know no metadata.
const DESCRIPTION: &str = "A store of eventstream: ";

/// What is read first: the rest may be otherwise in another format.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// What a store is, as its stream says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Charter {
    format: u32,
    pub(super) application: Identity,
    /// Made with the stream, and part of its subjects.
    pub(super) made_as: Incarnation,
}

impl Charter {
    pub(super) fn new(application: Identity) -> Self {
        let bytes = fastrand::u128(..).to_le_bytes();
        Self { format: FORMAT, application, made_as: Incarnation::from_random(bytes) }
    }

    /// Writes it into a stream's configuration.
    pub(super) fn write(&self, config: &mut StreamConfig, has_metadata: bool) {
        let text = json!(self).to_string();
        if has_metadata {
            config.set("metadata", json!({ KEY: text }));
        } else {
            config.set("description", format!("{DESCRIPTION}{text}"));
        }
    }

    /// Reads it out of a stream's configuration.
    pub(super) fn read(stream: &str, config: &StreamConfig) -> Result<Self> {
        let not_a_store =
            |problem: String| JetStreamError::NotAStore { stream: stream.to_owned(), problem };
        let found = config.metadata(KEY);
        let found = found.or_else(|| config.text("description").strip_prefix(DESCRIPTION));
        let text = found.ok_or_else(|| {
            let mut problem = "neither its metadata nor its description says that".to_owned();
            let subjects = config.subjects();
            if !subjects.is_empty() {
                let _ = write!(problem, "; it has the subjects {}", subjects.join(", "));
            }
            not_a_store(problem)
        })?;
        let bad = |error| not_a_store(format!("what it says of itself can't be read: {error}"));
        let Format { format } = serde_json::from_str(text).map_err(bad)?;
        if format != FORMAT {
            let stream = stream.to_owned();
            return Err(JetStreamError::OtherFormat { stream, found: format, supported: FORMAT });
        }
        serde_json::from_str(text).map_err(bad)
    }

    /// Tells the stream from others: also from one that was made with a copy of its configuration.
    pub(super) fn incarnation(&self, info: &StreamInfo) -> Incarnation {
        let mut hash = Context::new(&SHA256);
        hash.update(self.made_as.as_bytes());
        hash.update(info.created.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finish().as_ref()[..16]);
        Incarnation::from_random(bytes)
    }
}
