//! The cases, in a module for each group; the table in `table.rs` names them.

pub(crate) mod batch;
pub(crate) mod cancel;
pub(crate) mod close;
pub(crate) mod isolation;
pub(crate) mod model;
pub(crate) mod next;
pub(crate) mod offsets;
pub(crate) mod open;
pub(crate) mod payload;
pub(crate) mod position;
pub(crate) mod truncation;

mod tracked;
