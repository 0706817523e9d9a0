use std::fmt;

/// How much a [`Finding`](super::Finding) matters. The worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// It is as it should be.
    Fine,
    /// It can't be found out from here.
    Unknown,
    /// The store works, and may do so less well, or lose events, under circumstances that the finding
    /// names.
    Warning,
    /// The store can't keep its promises: it is not opened.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fine => "fine",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
