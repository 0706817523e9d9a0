//! Looking after a store: what is in it, whether it is sound, copies of it, and what can be saved.

mod backup;
mod on_store;
mod problem;
mod salvage;
mod stats;
mod verify;
mod verify_report;

pub use backup::BackupReport;
pub(super) use backup::{Wanted, backup};
pub use problem::Problem;
pub use salvage::{Salvage, Salvaged};
pub use stats::StoreStats;
pub(super) use stats::stats;
pub(super) use verify::verify;
pub use verify_report::VerifyReport;
