//! The suite for repositories.

pub(crate) mod cases;
pub(crate) mod scan;
pub(crate) mod stage;
pub(crate) mod suite;
pub(crate) mod waits;
pub(crate) mod wanted;

mod harness;
mod table;

pub use harness::{RepositoryEnv, RepositoryHarness};
pub use suite::{__test_repository, check_repository, repository_cases};
