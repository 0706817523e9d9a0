//! Finding a message by its id, without reading the history.
//!
//! Ids are hashed. Those of the logs are held in memory, and those of segments in *runs*: files of
//! hashes in their order, with a filter before them that says for nearly every new id that it is not
//! there. Runs are merged, so that there are few. Whatever is found is compared with the event.

mod filter;
mod index;
mod run;
mod writer;

pub(super) use index::{HashIsKey, Ids};
pub(super) use run::Run;
pub(super) use writer::write_run;
