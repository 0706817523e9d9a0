use std::{fmt, path::PathBuf};

/// What was said of it, before any of it is checked.
#[derive(Clone, Debug, Default)]
pub(in crate::client) struct SecurityOptions {
    pub(in crate::client) token: Option<TokenSource>,
    pub(in crate::client) token_over_plain_text: bool,
    pub(in crate::client) ca_file: Option<PathBuf>,
    /// A certificate and its key.
    pub(in crate::client) identity: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone)]
pub(in crate::client) enum TokenSource {
    Given(String),
    File(PathBuf),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
