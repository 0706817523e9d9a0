//! Consumers that keep their place in a PostgreSQL database, beside their effects.

mod claim;
mod panicked;
mod parked;
mod places;
mod projection;
mod projection_builder;
mod shelf;
mod statement;
mod tx;

pub use parked::PostgresParked;
pub use projection::PostgresProjection;
pub use projection_builder::PostgresProjectionBuilder;
pub use tx::PostgresTx;
