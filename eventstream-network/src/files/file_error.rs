use std::{io, path::PathBuf};

/// Why a file with tokens, certificates or keys can't be used. What is secret in it is not said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },

    /// A line is wrong.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line: the first is 1.
        line: usize,
        /// What is wrong with it, and what has to be there.
        problem: &'static str,
    },

    /// It is wrong as a whole.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what has to be there.
        problem: String,
    },
}
