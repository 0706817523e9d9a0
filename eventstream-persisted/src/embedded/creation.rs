//! Creating a store: whole, or not at all.

use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    connection::Database,
    error::EmbeddedStoreError,
    schema::{self, Charter, FILE},
};

/// Creates a store, unless there is one: whole, or not at all, whatever happens meanwhile.
pub(super) fn create(directory: &Path, charter: &Charter) -> Result<(), EmbeddedStoreError> {
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| EmbeddedStoreError::File { action, path, source: source.into() }
    };
    create_directory(directory).map_err(failed("create the directory", directory))?;
    let file = directory.join(FILE);
    if file.try_exists().map_err(failed("look for", &file))? {
        return Ok(());
    }
    let draft = Draft::new(directory);
    let database = Database::new(draft.0.clone());
    let mut connection = database.create().map_err(|error| database.error(&error))?;
    schema::write(&mut connection, charter).map_err(|error| database.error(&error))?;
    connection.close().map_err(|(_, error)| database.error(&error))?;
    // It has to be whole before it gets its name: a full disk may have cut it short.
    let (connection, _) = schema::open(&database)?;
    connection.close().map_err(|(_, error)| database.error(&error))?;
    let sync = |path: &Path| File::options().write(true).open(path)?.sync_all();
    sync(&draft.0).map_err(failed("sync", &draft.0))?;
    match fs::hard_link(&draft.0, &file) {
        // Another process was faster, and its store counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // Not every file system has links.
        Err(_) if !file.exists() => {
            fs::rename(&draft.0, &file).map_err(failed("create", &file))?;
        }
        result => result.map_err(failed("create", &file))?,
    }
    drop(draft);
    remove_old_drafts(directory);
    sync_directory(directory).map_err(failed("sync the directory", directory))
}

/// Whether a directory has nothing but what is left of a creation that was broken off.
pub(super) fn has_only_drafts(directory: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(directory)? {
        if !is_draft(&entry?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_draft(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    name.to_string_lossy().strip_prefix(FILE).is_some_and(|rest| rest.starts_with(".new-"))
}

/// Removes drafts of processes that were killed. It is no harm if one stays.
fn remove_old_drafts(directory: &Path) {
    const OLD: Duration = Duration::from_secs(3600);
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.filter_map(io::Result::ok).filter(is_draft) {
        let age = entry.metadata().and_then(|file| file.modified()).map(|time| time.elapsed());
        if matches!(age, Ok(Ok(age)) if age > OLD) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Creates a directory and those that it lies in, so that they are there after a power cut.
fn create_directory(directory: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = directory.ancestors().take_while(|path| !path.exists()).collect();
    fs::create_dir_all(directory)?;
    for created in missing {
        match created.parent() {
            Some(parent) if parent != Path::new("") => sync_directory(parent)?,
            _ => sync_directory(Path::new("."))?,
        }
    }
    Ok(())
}

/// Has the entries of a directory written to disk.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory can't be opened, and its entries are written with its files.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// The file that a store is made in before it gets its name.
struct Draft(PathBuf);

impl Draft {
    /// A name that nobody else has, on this machine or another.
    fn new(directory: &Path) -> Self {
        Self(directory.join(format!("{FILE}.new-{:016x}", RandomState::new().hash_one(0))))
    }

    /// Removes what is left of it, if anything is.
    fn remove(&self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.0.clone().into_os_string();
            name.push(suffix);
            // Not there is the rule.
            let _ = fs::remove_file(name);
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.remove();
    }
}
