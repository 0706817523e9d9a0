//! Reading: by consumers that are made anew whenever something goes wrong.

mod delivered;
mod filter;
mod pull;
mod query;
mod route;

pub(super) use delivered::Delivered;
pub(super) use filter::Filter;
pub(super) use pull::{Heard, Pull};
pub use query::JetStreamQuery;
