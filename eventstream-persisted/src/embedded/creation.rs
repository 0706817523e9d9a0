//! Creating a store: whole, or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk::{Disk, Lock, RealDisk, names, replace, sync_directory},
    error::{EmbeddedStoreError, Result},
    layout::{Charter, LogHeader, Oldest},
    write::PATIENCE,
};

/// Creates a store, unless there is one: whole, or not at all, whatever happens meanwhile. The last
/// file that gets its name is the one that makes the directory a store.
pub(super) fn create(directory: &Path, charter: &Charter) -> Result<()> {
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| EmbeddedStoreError::file(action, path, source)
    };
    let exists = |name: &str| {
        let path = directory.join(name);
        path.try_exists().map_err(failed("look for", &path))
    };
    if exists(names::CHARTER)? {
        return Ok(());
    }
    if exists(names::FORMAT_1)? {
        // Whoever opens it says what it is.
        return Ok(());
    }
    create_directory(directory).map_err(failed("create the directory", directory))?;
    let disk = Arc::new(RealDisk::new(directory));
    let lock = Lock::new(directory.join(names::LOCK));
    let _locked = lock.hold(PATIENCE)?;
    // Made here, so that those can lock it later who may not make it.
    let tidy_lock = Lock::new(directory.join(names::TIDY_LOCK));
    drop(tidy_lock.try_acquire().map_err(failed("lock", tidy_lock.path()))?);
    // Another process may have been faster, and its store counts.
    if exists(names::CHARTER)? {
        return Ok(());
    }
    if let Some(problem) = what_is_there(&*disk).map_err(failed("read the directory", directory))? {
        let path = directory.to_owned();
        return Err(EmbeddedStoreError::NotAStore { path, problem });
    }
    write(&*disk, charter).map_err(|(name, error)| failed("create", &directory.join(name))(error))
}

/// Writes the files of a new store.
pub(super) fn write(disk: &dyn Disk, charter: &Charter) -> Result<(), (String, io::Error)> {
    let file = |name: &str, bytes: &[u8]| {
        replace(disk, name, bytes).map_err(|error| (name.to_owned(), error))
    };
    // What is left of one that was broken off.
    match disk.remove(names::HEAD) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err((names::HEAD.to_owned(), error));
        }
        _ => {}
    }
    for name in disk.list().unwrap_or_default() {
        if names::is_draft(&name)
            || matches!(names::Numbered::parse(&name), Some(names::Numbered::Log { .. }))
        {
            let _ = disk.remove(&name);
        }
    }
    let first = charter.first_offset;
    let (log, _) = LogHeader { tag: charter.tag(), first }.encode();
    file(&names::Numbered::Log { first }.name(), &log)?;
    file(names::OLDEST, &Oldest(first).encode())?;
    file(names::CHARTER, &charter.encode())
}

/// Why a directory without a charter can't become a store.
fn what_is_there(disk: &dyn Disk) -> io::Result<Option<&'static str>> {
    const HAS_EVENTS: &str =
        "it has files with events, but its file `store` is missing: restore that from a backup";
    for name in disk.list()? {
        match names::Numbered::parse(&name) {
            Some(names::Numbered::Segment { .. }) => return Ok(Some(HAS_EVENTS)),
            // A creation that was broken off leaves one that is empty.
            Some(names::Numbered::Log { .. })
                if disk.open(&name)?.len()? > super::layout::LOG_HEADER as u64 =>
            {
                return Ok(Some(HAS_EVENTS));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Whether a directory has nothing but what is left of a creation that was broken off.
pub(super) fn is_unfinished(directory: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else {
            return Ok(false);
        };
        let is_mine = [names::LOCK, names::TIDY_LOCK, names::OLDEST].contains(&name)
            || names::is_draft(name)
            || matches!(names::Numbered::parse(name), Some(names::Numbered::Log { .. }));
        if !is_mine {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Creates a directory and those that it lies in, so that they are there after a power cut.
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    let missing: Vec<PathBuf> = directory
        .ancestors()
        .take_while(|path| !path.exists() && *path != Path::new(""))
        .map(Path::to_owned)
        .collect();
    fs::create_dir_all(directory)?;
    for created in missing {
        match created.parent() {
            Some(parent) if parent != Path::new("") => sync_directory(parent)?,
            _ => sync_directory(Path::new("."))?,
        }
    }
    Ok(())
}
