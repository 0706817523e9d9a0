//! The few requests to JetStream that the store needs, and their answers.

mod answer;
mod consumer;
mod message;
mod publish;
mod stream;

pub(super) use answer::decode;
pub(super) use consumer::{ConsumerConfig, CreatedConsumer, NextRequest};
pub(super) use message::{GetMessage, GotMessage, StoredMessage};
pub(super) use publish::PubAck;
pub(super) use stream::{Purge, StreamConfig, StreamInfo};

/// Codes of the server's errors.
pub(super) const NOT_CLUSTERED: u64 = 10_010;
pub(super) const UNSUPPORTED_IN_CLUSTER: u64 = 10_036;
pub(super) const NO_MESSAGE: u64 = 10_037;
pub(super) const NOT_ENABLED_FOR_ACCOUNT: u64 = 10_039;
pub(super) const STREAM_NAME_IN_USE: u64 = 10_058;
pub(super) const STREAM_NOT_FOUND: u64 = 10_059;
pub(super) const WRONG_LAST_SEQUENCE: u64 = 10_071;
pub(super) const NOT_ENABLED: u64 = 10_076;
pub(super) const SAME_SUBJECT_UNDER_WAY: u64 = 10_164;
pub(super) const INCOMPLETE_BATCH: u64 = 10_176;
pub(super) const BATCH_TOO_LARGE: u64 = 10_199;
