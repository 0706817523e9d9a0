use std::time::SystemTime;

use eventstream_core::{Identity, Incarnation};

use super::SqliteConsumerKind;

/// A consumer that keeps its offset in a SQLite database, with the stream of one application: what
/// [`SqliteConsumers`](crate::SqliteConsumers) list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteConsumer {
    /// The name of the consumer.
    pub name: String,
    /// Whose stream it consumes.
    pub application: Identity,
    /// How it keeps its offset.
    pub kind: SqliteConsumerKind,
    /// The offset of the next event to handle.
    pub next_offset: u64,
    /// What the stream was that the offset is of, if it could tell.
    pub incarnation: Option<Incarnation>,
    /// When the offset was stored last.
    pub updated_at: SystemTime,
    /// How many of its events are parked.
    pub parked: u64,
}
