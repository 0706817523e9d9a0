use std::fmt;

/// Something that is damaged in an [`EmbeddedStore`](crate::EmbeddedStore).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The name of the file in the store's directory; empty if a file is missing.
    pub file: String,
    /// The first and the last offset that are concerned; `None` if no event is.
    pub offsets: Option<(u64, u64)>,
    /// What is wrong.
    pub what: String,
}

impl Problem {
    pub(super) fn new(file: &str, offsets: Option<(u64, u64)>, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), offsets, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        match self.offsets {
            Some((first, last)) if first == last => write!(f, "offset {first}: ")?,
            Some((first, last)) => write!(f, "offsets {first} to {last}: ")?,
            None => {}
        }
        f.write_str(&self.what)
    }
}
