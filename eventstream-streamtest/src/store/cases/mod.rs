//! The cases, in a module for each group; the table in `table.rs` names them.

pub(crate) mod append;
pub(crate) mod atomicity;
pub(crate) mod concurrency;
pub(crate) mod dedupe;
pub(crate) mod expect;
pub(crate) mod handles;
pub(crate) mod reopen;
pub(crate) mod retention;
pub(crate) mod store_model;
