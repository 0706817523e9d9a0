//! The cases, in a module for each group; the table in `table.rs` names them.

pub(crate) mod applications;
pub(crate) mod batch;
pub(crate) mod conflict;
pub(crate) mod failure;
pub(crate) mod model;
pub(crate) mod offset;
pub(crate) mod parked;
pub(crate) mod replicas;
pub(crate) mod skip;
pub(crate) mod start;
pub(crate) mod together;
