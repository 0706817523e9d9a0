//! Consumers that keep their place in a SQLite database, beside their effects.
//!
//! | file | what is in it |
//! |---|---|
//! | `projection*.rs`, `tx.rs` | the handler whose effect and offset are in one transaction |
//! | `checkpoints*.rs` | offsets of consumers whose effects are elsewhere |
//! | `parked*.rs` | events that could not be handled |
//! | `consumers.rs`, `consumer.rs` | looking at a database from outside |
//! | `database.rs`, `link.rs`, `session.rs` | opening it, and running work on it off the runtime |
//! | `schema.rs`, `table.rs`, `stored.rs` | our tables, and how values stand in them |

mod checkpoints;
mod checkpoints_builder;
mod consumer;
mod consumers;
mod database;
mod error;
mod fault;
mod kind;
mod link;
mod panicked;
mod parked;
mod parked_table;
mod projection;
mod projection_builder;
mod projection_worker;
mod schema;
mod session;
mod stored;
mod table;
mod tx;

pub use checkpoints::SqliteCheckpoints;
pub use checkpoints_builder::SqliteCheckpointsBuilder;
pub use consumer::SqliteConsumer;
pub use consumers::SqliteConsumers;
pub use error::SqliteError;
pub use kind::SqliteConsumerKind;
pub use parked::SqliteParked;
pub use projection::SqliteProjection;
pub use projection_builder::SqliteProjectionBuilder;
pub use tx::SqliteTx;
