//! The path of events: out of a cursor, into the body of a response.

mod alarm;
mod consumption;
mod framer;
mod kept;
mod load;
mod media_types;
mod producer;
mod reading;

pub(super) use consumption::{Consumption, incarnation_changed};
pub(super) use load::load_all;
pub(super) use media_types::MediaTypes;
