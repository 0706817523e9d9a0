//! Appending: many appends as one batch, which the server takes as a whole or not at all.

mod attempt;
mod look_up;
mod publish;
mod publisher;

pub(super) use publish::HEADERS;
pub(super) use publisher::{LIMITS, MOST_EVENTS, Publisher};
