use std::{sync::Arc, time::Duration};

use eventstream_core::Backoff;

use super::Protocol;

/// How connections are made and kept.
#[derive(Clone, Debug)]
pub(super) struct ConnectionOptions {
    pub(super) connect_timeout: Duration,
    pub(super) call_timeout: Duration,
    pub(super) keep_alive_interval: Duration,
    pub(super) keep_alive_timeout: Duration,
    pub(super) prefetch_bytes: u32,
    pub(super) message_bytes: usize,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(10),
            prefetch_bytes: crate::server::STREAM_WINDOW,
            message_bytes: 512 << 20,
        }
    }
}

/// How a stream is consumed.
#[derive(Clone)]
pub(super) struct StreamOptions {
    /// Found out, if not set.
    pub(super) protocol: Option<Protocol>,
    pub(super) media_types: Vec<String>,
    pub(super) prefetch: usize,
    pub(super) heartbeat: Duration,
    pub(super) resume: Option<Arc<dyn Backoff>>,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            protocol: None,
            media_types: Vec::new(),
            prefetch: 1_000,
            heartbeat: Duration::from_secs(10),
            resume: None,
        }
    }
}
