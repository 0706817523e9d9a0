//! Knowing what was committed, by this process and by others.
//!
//! One task looks at the database for all who wait. It does so when somebody begins to wait, when a
//! notification comes, when the connection that notifications come on was made anew, and, while
//! somebody waits, once in a while in any case.

mod announcer;
mod bounds;
mod listener;
mod look;
mod watcher;

pub(super) use announcer::Announcer;
pub(super) use bounds::Bounds;
pub(super) use watcher::Watch;
