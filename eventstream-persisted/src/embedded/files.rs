use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    connection::Database,
    creation,
    error::EmbeddedStoreError,
    schema::{self, Charter},
};

type Result<T, E = EmbeddedStoreError> = std::result::Result<T, E>;

/// What is read: shared with the threads and the queries of the store.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) directory: PathBuf,
    pub(super) database: Database,
    pub(super) charter: Charter,
    identity: FileIdentity,
}

impl Files {
    pub(super) fn open(directory: &Path) -> Result<(Self, Connection), EmbeddedStoreError> {
        let path = || directory.to_owned();
        let file = directory.join(schema::FILE);
        if directory.is_file() {
            let problem = "it is a file, and a store is a directory";
            return Err(EmbeddedStoreError::NotAStore { path: path(), problem });
        }
        let exists =
            |path: &Path| path.try_exists().map_err(|error| file_error("look for", path, error));
        if !exists(directory)? {
            return Err(EmbeddedStoreError::NotFound { path: path() });
        }
        if !exists(&file)? {
            let only_drafts = creation::has_only_drafts(directory)
                .map_err(|error| file_error("read the directory", directory, error))?;
            if only_drafts {
                return Err(EmbeddedStoreError::NotFound { path: path() });
            }
            let problem = "the directory has no file events.sqlite3";
            return Err(EmbeddedStoreError::NotAStore { path: path(), problem });
        }
        let database = Database::new(file);
        let (connection, charter) = schema::open(&database)?;
        let identity = file_identity(database.file())
            .map_err(|error| file_error("look at", database.file(), error))?;
        Ok((Self { directory: path(), database, charter, identity }, connection))
    }

    /// Checks that the file is the one that was opened: what is written to one that was removed is
    /// gone.
    pub(super) fn check_in_place(&self) -> Result<(), EmbeddedStoreError> {
        match file_identity(self.database.file()) {
            Ok(identity) if identity == self.identity => Ok(()),
            _ => Err(EmbeddedStoreError::Replaced { path: self.database.file().to_owned() }),
        }
    }

    /// The size of all files.
    pub(super) fn bytes(&self) -> Result<u64, EmbeddedStoreError> {
        let sum = || {
            let mut bytes = 0;
            for entry in fs::read_dir(&self.directory)? {
                match entry?.metadata() {
                    Ok(file) => bytes += file.len(),
                    // Removed meanwhile: another process has closed the store.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(bytes)
        };
        sum().map_err(|error| file_error("read the directory", &self.directory, error))
    }
}

/// What tells a file from another one that gets its name.
type FileIdentity = (u64, u64);

#[cfg(unix)]
fn file_identity(file: &Path) -> io::Result<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(file)?;
    Ok((file.dev(), file.ino()))
}

/// Elsewhere a file that is open can't be removed.
#[cfg(not(unix))]
fn file_identity(file: &Path) -> io::Result<FileIdentity> {
    fs::metadata(file).map(|_| (0, 0))
}

fn file_error(action: &'static str, path: &Path, source: io::Error) -> EmbeddedStoreError {
    EmbeddedStoreError::File { action, path: path.to_owned(), source: source.into() }
}
