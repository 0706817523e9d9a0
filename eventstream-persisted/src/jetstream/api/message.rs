use serde::{Deserialize, Serialize};

/// A message that is looked up, by its subject or its sequence.
#[derive(Debug, Serialize)]
pub(in crate::jetstream) enum GetMessage<'a> {
    #[serde(rename = "last_by_subj")]
    LastBySubject(&'a str),
    #[serde(rename = "seq")]
    Sequence(u64),
}

#[derive(Debug, Deserialize)]
pub(in crate::jetstream) struct GotMessage {
    pub(in crate::jetstream) message: StoredMessage,
}

/// A message as it is stored, without its content.
#[derive(Debug, Deserialize)]
pub(in crate::jetstream) struct StoredMessage {
    pub(in crate::jetstream) subject: String,
    pub(in crate::jetstream) seq: u64,
}
