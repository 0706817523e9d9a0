//! Appending: what is done under the lock of those who append, step by step.

mod batch;
mod core;
mod live;
mod recovery;
mod rotation;
mod thread;

pub(super) use self::core::{Core, now};
pub(super) use recovery::{Found, find_end};
#[cfg(test)]
pub(super) use rotation::Reuse;
pub(super) use thread::{Desk, PATIENCE, Writer};
