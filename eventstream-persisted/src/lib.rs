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
    EmbeddedQuery, EmbeddedStore, EmbeddedStoreBuilder, EmbeddedStoreError, StoreStats,
};
pub use stream::{PersistedCursor, PersistedStream, PersistedStreamBuilder, RecentEvents};
