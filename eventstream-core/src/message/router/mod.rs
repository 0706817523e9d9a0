//! Handlers of events as functions of messages.

mod extract;
mod message_handler;
mod reaction;
mod route;
// The type is what the module is named after.
#[allow(clippy::module_inception)]
mod router;
mod settings;

pub use extract::{Context, FromEvent, State};
pub use message_handler::MessageHandler;
pub use reaction::Reaction;
pub use router::Router;
