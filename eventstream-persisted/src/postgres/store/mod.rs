//! The store: opening it, appending to it, truncating it.

mod append_in;
mod builder;
mod charter;
mod commit;
mod engine;
mod insert;
mod opening;
mod postgres_store;
mod truncate;

pub use builder::PostgresStoreBuilder;
pub(super) use charter::Charter;
pub use postgres_store::PostgresStore;
