//! Ordered streams of event messages that last.
//!
//! - [`PersistedStream`] makes a stream out of any
//!   [`EventRepository`](eventstream_core::EventRepository).
//! - [`EmbeddedStore`] keeps events in a directory of this machine (feature `embedded`, which is
//!   on by default).
//! - [`PostgresStore`] keeps them in a PostgreSQL database, and [`PostgresProjection`] is a handler
//!   whose effects are in one (feature `postgres`).
//! - [`JetStreamStore`] keeps them in a stream of NATS JetStream, on one server or replicated over
//!   three (feature `jetstream`).
//! - [`AnyStore`] is one of them, chosen by a directory's name or a URL.
//! - [`SqliteProjection`] is a handler whose effects and offset are in one transaction of a SQLite
//!   database: each event has its effect exactly once. [`SqliteCheckpoints`] keep the offsets of
//!   effects that are made elsewhere, [`SqliteParked`] the events that could not be handled, and
//!   [`SqliteConsumers`] look at such a database from outside (feature `sqlite`).

#[cfg(any(feature = "embedded", feature = "postgres", feature = "jetstream"))]
mod any;
#[cfg(feature = "embedded")]
mod embedded;
mod findings;
#[cfg(any(feature = "postgres", feature = "jetstream"))]
mod group_commit;
#[cfg(feature = "jetstream")]
mod jetstream;
#[cfg(any(feature = "postgres", feature = "jetstream"))]
mod percent;
#[cfg(any(feature = "embedded", feature = "postgres", feature = "jetstream"))]
mod placement;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stream;

#[cfg(any(feature = "embedded", feature = "postgres", feature = "jetstream"))]
pub use any::{AnyStore, AnyStoreBuilder, AnyStoreError, Engine, StoreLocation};
#[cfg(feature = "embedded")]
pub use embedded::{
    BackupReport, Compression, EmbeddedQuery, EmbeddedStore, EmbeddedStoreBuilder,
    EmbeddedStoreError, Problem, Retention, Salvage, Salvaged, StoreStats, VerifyReport,
};
pub use findings::{Finding, Severity};
#[cfg(feature = "jetstream")]
pub use jetstream::{JetStreamError, JetStreamQuery, JetStreamStore, JetStreamStoreBuilder};
#[cfg(feature = "postgres")]
pub use postgres::{
    PostgresError, PostgresParked, PostgresProjection, PostgresProjectionBuilder, PostgresQuery,
    PostgresStore, PostgresStoreBuilder, PostgresTx,
};
/// The SQLite library of the feature `sqlite`, in the version that its types are of.
#[cfg(feature = "sqlite")]
pub use rusqlite;
#[cfg(feature = "sqlite")]
pub use sqlite::{
    SqliteCheckpoints, SqliteCheckpointsBuilder, SqliteConsumer, SqliteConsumerKind,
    SqliteConsumers, SqliteError, SqliteParked, SqliteProjection, SqliteProjectionBuilder,
    SqliteTx,
};
pub use stream::{PersistedCursor, PersistedStream, PersistedStreamBuilder, RecentEvents};
/// The driver of the feature `postgres`, in the version that its types are of.
#[cfg(feature = "postgres")]
pub use tokio_postgres;
