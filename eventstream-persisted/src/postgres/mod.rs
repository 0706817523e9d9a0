//! A store in a PostgreSQL database, and consumers that keep their place in one.
//!
//! | room | what is in it |
//! |---|---|
//! | `connection/` | where the server is, how connections are encrypted, lent and lost |
//! | `schema.rs`, `sql.rs` | our tables, and how they are named |
//! | `store/` | the store: opening, appending, truncating |
//! | `read/` | pages of events |
//! | `watch/` | knowing what others commit |
//! | `checks/` | what is found out about the database |
//! | `consumers/` | projections, and the events that they could not handle |

mod checks;
mod connection;
mod consumers;
mod error;
mod error_meaning;
mod read;
mod schema;
mod sql;
mod store;
mod watch;

pub use consumers::{PostgresParked, PostgresProjection, PostgresProjectionBuilder, PostgresTx};
pub use error::PostgresError;
pub use read::PostgresQuery;
pub use store::{PostgresStore, PostgresStoreBuilder};
