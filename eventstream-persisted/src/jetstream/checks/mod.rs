//! What is found out about a stream and its server when the store is opened.

mod monitoring;
mod server;
mod stream;

use super::{api::StreamInfo, append::HEADERS, link::Link};
use crate::Finding;

/// What is looked at.
pub(super) struct Surroundings<'a> {
    pub(super) link: &'a Link,
    pub(super) info: &'a StreamInfo,
    /// Where the server can be asked for what it does not tell clients.
    pub(super) monitoring: Option<&'a str>,
}

/// Makes all checks.
pub(super) async fn run(surroundings: &Surroundings<'_>) -> Vec<Finding> {
    let mut findings = stream::check(surroundings);
    findings.append(&mut server::check(surroundings).await);
    findings
}

/// The largest event that the server and the stream take.
pub(super) fn max_event_bytes(link: &Link, info: &StreamInfo) -> usize {
    let message = info.config.limit("max_msg_size").unwrap_or(u64::MAX);
    let message = usize::try_from(message).unwrap_or(usize::MAX);
    link.client.max_payload().min(message).saturating_sub(HEADERS)
}
