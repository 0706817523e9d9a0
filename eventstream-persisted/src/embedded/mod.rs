//! A store in a directory of this machine, in files of its own: `docs/format.md` describes them.
//!
//! What is appended goes to the end of a *log*, which one process writes to at a time. A log that is
//! full is *sealed*: its events become a *segment*, packed and indexed, and their ids a *run*.
//! Readers read logs and segments, and are in nobody's way.
//!
//! | room | what is in it |
//! |---|---|
//! | `disk/` | the little that is asked of a file system |
//! | `layout/` | the format of the files |
//! | `files/` | the files of an open store, as everybody shares them |
//! | `read/` | pages of events |
//! | `ids/` | finding a message by its id |
//! | `write/` | appending, under a lock |
//! | `tidy/` | sealing, merging, giving back space |
//! | `watch/` | knowing what others commit |
//! | `checks/` | what is found out about where the store lies |
//! | `care/` | verify, backup, salvage, stats |

mod builder;
mod care;
mod checks;
mod compression;
mod creation;
mod disk;
mod error;
mod files;
mod ids;
mod in_place;
mod layout;
mod opening;
mod read;
mod retention;
mod store;
mod tidy;
mod watch;
mod write;

#[cfg(test)]
mod tests;

pub use builder::EmbeddedStoreBuilder;
pub use care::{BackupReport, Problem, Salvage, Salvaged, StoreStats, VerifyReport};
pub use compression::Compression;
pub use error::EmbeddedStoreError;
pub use read::EmbeddedQuery;
pub use retention::Retention;
pub use store::EmbeddedStore;
