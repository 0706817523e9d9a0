//! Events that could not be handled, and what is to happen with them.

mod erased;
mod parked_event;
mod parked_events;
mod poison;

pub(crate) use erased::ErasedParkedEvents;
pub use parked_event::ParkedEvent;
pub use parked_events::ParkedEvents;
pub use poison::Poison;
pub(crate) use poison::Policy;
