//! Following the end of a stream, while somebody waits there.

mod follower;

pub(super) use follower::Follower;
