//! Events that could not be handled, and what is to happen with them.

mod parked_event;
mod parked_events;

pub use parked_event::ParkedEvent;
pub use parked_events::ParkedEvents;
