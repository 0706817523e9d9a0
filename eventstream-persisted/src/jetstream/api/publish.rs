use serde::Deserialize;

/// What the server says of messages that it has stored.
#[derive(Debug, Deserialize)]
pub(in crate::jetstream) struct PubAck {
    pub(in crate::jetstream) stream: String,
    /// The sequence of the last of them.
    pub(in crate::jetstream) seq: u64,
    /// How many a batch had; servers that know no batches leave it out.
    #[serde(default)]
    pub(in crate::jetstream) count: Option<u64>,
}
