//! What each service answers.

pub(super) mod health;
pub(super) mod ours;
pub(super) mod protocol_a;
pub(super) mod protocol_b;
pub(super) mod reflection;
