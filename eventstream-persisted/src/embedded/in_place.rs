use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    disk::names,
    error::{EmbeddedStoreError, Result},
};

/// Tells whether the store's files are still those that were opened: what is written to files that
/// were removed is gone.
#[derive(Clone, Debug)]
pub(super) struct InPlace {
    directory: PathBuf,
    /// Of the files that are never replaced, unless there is none: those that all who append meet
    /// at.
    identities: [Option<Identity>; 2],
}

const NEVER_REPLACED: [&str; 2] = [names::LOCK, names::HEAD];

/// What tells a file from another one that gets its name.
type Identity = (u64, u64);

impl InPlace {
    pub(super) fn of(directory: &Path) -> Self {
        let identities = NEVER_REPLACED.map(|name| identity(&directory.join(name)).ok());
        Self { directory: directory.to_owned(), identities }
    }

    pub(super) fn check(&self) -> Result<()> {
        for (name, known) in NEVER_REPLACED.into_iter().zip(self.identities) {
            if known.is_some() && identity(&self.directory.join(name)).ok() != known {
                return Err(EmbeddedStoreError::Replaced { path: self.directory.clone() });
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Elsewhere a file that is open can't be removed.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|_| (0, 0))
}
