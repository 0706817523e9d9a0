use std::fmt;

/// What keeps the events of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Files in a directory of this machine: `EmbeddedStore`.
    Embedded,
    /// A PostgreSQL database: `PostgresStore`.
    Postgres,
    /// A stream of NATS JetStream: `JetStreamStore`.
    JetStream,
}

impl Engine {
    /// The feature of this crate that has it.
    pub(super) fn feature(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Postgres => "postgres",
            Self::JetStream => "jetstream",
        }
    }
}

/// As people call it.
impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Embedded => "the embedded store",
            Self::Postgres => "PostgreSQL",
            Self::JetStream => "NATS JetStream",
        })
    }
}
