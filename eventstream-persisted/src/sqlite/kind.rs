use std::fmt;

/// How a consumer in a SQLite database keeps its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqliteConsumerKind {
    /// In one transaction with its effects: a [`SqliteProjection`](crate::SqliteProjection).
    Projection,
    /// After its effects, which are elsewhere: [`SqliteCheckpoints`](crate::SqliteCheckpoints).
    Checkpoint,
}

impl SqliteConsumerKind {
    /// As it stands in the table.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Projection => "projection",
            Self::Checkpoint => "checkpoint",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        [Self::Projection, Self::Checkpoint].into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for SqliteConsumerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
