use base64::{Engine, engine::general_purpose::STANDARD};
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
    /// Its headers, in base64.
    #[serde(default)]
    hdrs: String,
}

impl StoredMessage {
    /// A header's value.
    pub(in crate::jetstream) fn header(&self, name: &str) -> Option<String> {
        let headers = STANDARD.decode(&self.hdrs).ok()?;
        let headers = String::from_utf8(headers).ok()?;
        let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let hdrs = STANDARD.encode("NATS/1.0\r\nNats-Batch-Id: x-3\r\nOther:  y \r\n\r\n");
        let message = StoredMessage { subject: String::new(), seq: 1, hdrs };
        assert_eq!(message.header("nats-batch-id").as_deref(), Some("x-3"));
        assert_eq!(message.header("Other").as_deref(), Some("y"));
        assert_eq!(message.header("None"), None);
        let message = StoredMessage { hdrs: "?".to_owned(), ..message };
        assert_eq!(message.header("Other"), None);
    }
}
