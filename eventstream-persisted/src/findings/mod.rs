//! What is found out about a store's surroundings when it is opened, as data.

mod finding;
mod severity;

pub use finding::Finding;
pub use severity::Severity;
