//! Ordered streams of event messages that last.
//!
//! - [`PersistedStream`] makes a stream out of any
//!   [`EventRepository`](eventstream_core::EventRepository).
//! - [`EmbeddedStore`] keeps events in a directory of this machine (feature `embedded`, which is
//!   on by default).

#[cfg(feature = "embedded")]
mod embedded;
mod stream;

#[cfg(feature = "embedded")]
pub use embedded::{
    BackupReport, Compression, EmbeddedQuery, EmbeddedStore, EmbeddedStoreBuilder,
    EmbeddedStoreError, Problem, Retention, Salvage, Salvaged, StoreStats, VerifyReport,
};
pub use stream::{PersistedCursor, PersistedStream, PersistedStreamBuilder, RecentEvents};
