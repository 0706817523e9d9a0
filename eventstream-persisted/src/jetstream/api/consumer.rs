use serde::{Deserialize, Serialize};

/// A consumer that is there for one reader only, and acknowledges nothing.
#[derive(Debug, Serialize)]
pub(in crate::jetstream) struct CreateConsumer<'a> {
    stream_name: &'a str,
    config: &'a ConsumerConfig,
}

#[derive(Debug, Serialize)]
pub(in crate::jetstream) struct ConsumerConfig {
    pub(in crate::jetstream) name: String,
    deliver_policy: &'static str,
    opt_start_seq: u64,
    ack_policy: &'static str,
    replay_policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_subject: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filter_subjects: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    headers_only: bool,
    mem_storage: bool,
    num_replicas: u8,
    /// In nanoseconds. When nobody pulls for so long, the server forgets it.
    inactive_threshold: u64,
    max_deliver: i64,
}

impl ConsumerConfig {
    /// One that begins at a sequence.
    pub(in crate::jetstream) fn new(
        name: String,
        first: u64,
        mut filters: Vec<String>,
        headers_only: bool,
    ) -> Self {
        // Older servers know one filter only, by the other name.
        let filter_subject = if filters.len() == 1 { filters.pop() } else { None };
        Self {
            name,
            deliver_policy: "by_start_sequence",
            opt_start_seq: first,
            ack_policy: "none",
            replay_policy: "instant",
            filter_subject,
            filter_subjects: filters,
            headers_only,
            mem_storage: true,
            num_replicas: 1,
            inactive_threshold: 30_000_000_000,
            max_deliver: -1,
        }
    }

    /// The last tokens of the request's subject: servers check the filter by it.
    pub(in crate::jetstream) fn tokens(&self) -> String {
        match &self.filter_subject {
            Some(filter) => format!("{}.{filter}", self.name),
            None => self.name.clone(),
        }
    }

    pub(in crate::jetstream) fn request<'a>(&'a self, stream_name: &'a str) -> CreateConsumer<'a> {
        CreateConsumer { stream_name, config: self }
    }
}

/// What the server says of a consumer that it has made.
#[derive(Debug, Deserialize)]
pub(in crate::jetstream) struct CreatedConsumer {
    pub(in crate::jetstream) num_pending: u64,
}

/// Asks a consumer for messages.
#[derive(Debug, Serialize)]
pub(in crate::jetstream) struct NextRequest {
    pub(in crate::jetstream) batch: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::jetstream) max_bytes: Option<usize>,
    /// In nanoseconds.
    pub(in crate::jetstream) expires: u64,
    /// In nanoseconds.
    pub(in crate::jetstream) idle_heartbeat: u64,
}
