//! The cases, in a module for each group; the table in `table.rs` names them.

pub(crate) mod cancel;
pub(crate) mod isolation;
pub(crate) mod load;
pub(crate) mod model;
pub(crate) mod offsets;
pub(crate) mod payload;
pub(crate) mod query;
pub(crate) mod readers;
pub(crate) mod source;
pub(crate) mod truncation;
pub(crate) mod wait_for;

mod tracked;
