use std::fmt;

/// The version of a NATS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerVersion {
    text: String,
    numbers: (u32, u32),
}

impl ServerVersion {
    pub(super) fn parse(text: &str) -> Self {
        let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
        let numbers = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Self { text: text.to_owned(), numbers }
    }

    /// Streams have metadata, and may begin with another sequence than 1; consumers have several
    /// filters.
    pub(super) fn has_metadata(&self) -> bool {
        self.numbers >= (2, 10)
    }

    pub(super) fn has_several_filters(&self) -> bool {
        self.numbers >= (2, 10)
    }

    /// Batches are published as one.
    pub(super) fn has_atomic_batches(&self) -> bool {
        self.numbers >= (2, 12)
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nats-server {}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(!ServerVersion::parse("2.9.10").has_metadata());
        assert!(ServerVersion::parse("2.10.0").has_several_filters());
        assert!(!ServerVersion::parse("2.11.4").has_atomic_batches());
        assert!(ServerVersion::parse("2.15.1-RC.2").has_atomic_batches());
        assert!(ServerVersion::parse("3.0").has_atomic_batches());
        assert!(!ServerVersion::parse("").has_metadata());
    }
}
