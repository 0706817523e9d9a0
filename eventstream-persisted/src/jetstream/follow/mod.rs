//! Following the end of a stream, while somebody waits there.

mod follower;
mod run;

pub(super) use follower::Follower;
