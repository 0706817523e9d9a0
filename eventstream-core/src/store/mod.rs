//! What keeps events: repositories that are read, stores that are appended to.

mod boxed;
mod event_query;
mod event_repository;
mod event_store;
mod expect;

pub use boxed::{BoxQuery, DynStore};
pub use event_query::EventQuery;
pub use event_repository::EventRepository;
pub use event_store::EventStore;
pub use expect::Expect;
