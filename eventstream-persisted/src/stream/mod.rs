//! A stream over any event repository.

mod builder;
mod cursor;
mod persisted_stream;
mod reader;
mod recent_events;

pub use builder::PersistedStreamBuilder;
pub use cursor::PersistedCursor;
pub use persisted_stream::PersistedStream;
pub use recent_events::RecentEvents;
