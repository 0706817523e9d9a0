//! A store in a directory of this machine, on SQLite.
//!
//! Events are kept in chunks: the wire bytes of up to a thousand events in one row, with what is
//! needed to skip or slice them without decoding. One thread writes, and commits all that is
//! queued at once; readers have connections of their own.

mod builder;
mod chunk;
mod commit;
mod connection;
mod creation;
mod error;
mod files;
mod filter;
mod query;
mod removal;
mod scan;
mod schema;

mod stats;
mod store;
mod watch;
mod writer;

pub use builder::EmbeddedStoreBuilder;
pub use error::EmbeddedStoreError;
pub use query::EmbeddedQuery;
pub use stats::StoreStats;
pub use store::EmbeddedStore;
