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
    /// Of the file that is never replaced; unless there is none.
    identity: Option<Identity>,
}

/// What tells a file from another one that gets its name.
type Identity = (u64, u64);

impl InPlace {
    pub(super) fn of(directory: &Path) -> Self {
        let identity = identity(&directory.join(names::LOCK)).ok();
        Self { directory: directory.to_owned(), identity }
    }

    pub(super) fn check(&self) -> Result<()> {
        let now = identity(&self.directory.join(names::LOCK)).ok();
        if self.identity.is_some() && now != self.identity {
            return Err(EmbeddedStoreError::Replaced { path: self.directory.clone() });
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
