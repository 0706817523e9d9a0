use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the server says of a stream.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::jetstream) struct StreamInfo {
    pub(in crate::jetstream) config: StreamConfig,
    /// When it was made, in RFC 3339.
    #[serde(default)]
    pub(in crate::jetstream) created: String,
    pub(in crate::jetstream) state: StreamState,
}

#[derive(Clone, Debug, Deserialize)]
pub(in crate::jetstream) struct StreamState {
    pub(in crate::jetstream) first_seq: u64,
    pub(in crate::jetstream) last_seq: u64,
    /// How many were removed between the first and the last.
    #[serde(default)]
    pub(in crate::jetstream) num_deleted: u64,
    /// Which, if that was asked for.
    #[serde(default)]
    pub(in crate::jetstream) deleted: Option<Vec<u64>>,
}

impl StreamInfo {
    /// The offset of the oldest event that is there, or else of the next one.
    pub(in crate::jetstream) fn oldest(&self) -> u64 {
        // An empty stream begins behind its last message; one in which nothing ever was, at 0 or 1.
        self.state.first_seq.saturating_sub(1).min(self.next())
    }

    /// The offset that the next event will get.
    pub(in crate::jetstream) fn next(&self) -> u64 {
        self.state.last_seq
    }
}

/// A stream's configuration. What is not named here is kept as it is, as an update has to give all of
/// it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::jetstream) struct StreamConfig(Map<String, Value>);

impl StreamConfig {
    pub(in crate::jetstream) fn new(settings: Map<String, Value>) -> Self {
        Self(settings)
    }

    pub(in crate::jetstream) fn set(&mut self, setting: &str, value: impl Into<Value>) {
        self.0.insert(setting.to_owned(), value.into());
    }

    pub(in crate::jetstream) fn flag(&self, setting: &str) -> bool {
        self.0.get(setting).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A limit; those that are not set are left out, or not positive.
    pub(in crate::jetstream) fn limit(&self, setting: &str) -> Option<u64> {
        self.0.get(setting).and_then(Value::as_u64).filter(|limit| *limit > 0)
    }

    pub(in crate::jetstream) fn text(&self, setting: &str) -> &str {
        self.0.get(setting).and_then(Value::as_str).unwrap_or_default()
    }

    pub(in crate::jetstream) fn metadata(&self, key: &str) -> Option<&str> {
        self.0.get("metadata")?.get(key)?.as_str()
    }

    pub(in crate::jetstream) fn subjects(&self) -> Vec<&str> {
        let subjects = self.0.get("subjects").and_then(Value::as_array);
        subjects.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether something is set that is neither empty nor `null`.
    pub(in crate::jetstream) fn has(&self, setting: &str) -> bool {
        match self.0.get(setting) {
            None | Some(Value::Null) => false,
            Some(Value::Array(values)) => !values.is_empty(),
            Some(_) => true,
        }
    }
}

/// What is to be removed: all below a sequence.
#[derive(Debug, Serialize)]
pub(in crate::jetstream) struct Purge {
    pub(in crate::jetstream) seq: u64,
}
