use super::Problem;

/// What [`EmbeddedStore::verify`](crate::EmbeddedStore::verify) has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The offset of the oldest event.
    pub first_offset: u64,
    /// The offset after the newest one.
    pub next_offset: u64,
    /// The events that were read, and are as they were appended.
    pub events: u64,
    /// The files that were looked at.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// What is damaged.
    pub problems: Vec<Problem>,
}

impl VerifyReport {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}
