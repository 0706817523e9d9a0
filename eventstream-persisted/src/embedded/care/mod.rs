//! Looking after a store: what is in it, whether it is sound, copies of it, and what can be saved.

mod backup;
mod problem;
mod salvage;
mod stats;
mod verify;

pub use backup::BackupReport;
pub(super) use backup::backup;
pub use problem::Problem;
pub use salvage::{Salvage, Salvaged};
pub use stats::StoreStats;
pub(super) use stats::stats;
pub use verify::VerifyReport;
pub(super) use verify::verify;
