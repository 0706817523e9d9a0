//! The suite for stores: the cases of repositories, and those of what is appended.

pub(crate) mod cases;
pub(crate) mod stage;
pub(crate) mod suite;

mod harness;
mod slow_append;
mod table;

pub use harness::{StoreEnv, StoreHarness};
pub use slow_append::SlowAppend;
pub use suite::{__test_store, check_store, store_cases};
