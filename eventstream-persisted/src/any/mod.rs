//! A store chosen by where it is, whatever engine keeps it.

mod any_store;
mod builder;
mod engine;
mod error;
mod location;
#[cfg(any(feature = "postgres", feature = "jetstream"))]
mod options;

pub use any_store::AnyStore;
pub use builder::AnyStoreBuilder;
pub use engine::Engine;
pub use error::AnyStoreError;
pub use location::StoreLocation;
