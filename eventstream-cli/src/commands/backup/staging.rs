use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process,
};

use crate::failure::{Context, Failure};

/// How often it is tried to remove what somebody may still be adding to.
const TRIES: u32 = 20;

/// A directory beside the one that is wanted, for what is not complete yet.
pub(super) struct Staging {
    directory: PathBuf,
    wanted: PathBuf,
}

/// Whether a copy can be put there: nothing is there, or an empty directory.
pub(super) fn check(wanted: &Path) -> Result<(), Failure> {
    let shown = wanted.display();
    match fs::read_dir(wanted).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::new(format!("{shown} is not empty"))
            .hint("name a directory that is not there yet, or an empty one")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::new(format!("can't put a copy at {shown}")).because(&error)),
    }
}

impl Staging {
    pub(super) fn beside(wanted: &Path) -> Result<Self, Failure> {
        let shown = wanted.display();
        let Some(name) = wanted.file_name() else {
            return Err(Failure::new(format!("{shown} has no name that a copy could have"))
                .hint("name a directory that is not there yet"));
        };
        let parent = parent(wanted);
        fs::create_dir_all(parent).context(format_args!("can't make {}", parent.display()))?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".incomplete-{}", process::id()));
        let directory = parent.join(hidden);
        // Left behind by a program that had our number, and was killed.
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory).context(format_args!("can't make {}", directory.display()))?;
        Ok(Self { directory, wanted: wanted.to_owned() })
    }

    /// Where the copy is to be made.
    pub(super) fn copy(&self) -> PathBuf {
        self.directory.join("store")
    }

    /// Gives the copy, which is complete, its name.
    pub(super) fn publish(self) -> Result<(), Failure> {
        let shown = self.wanted.display();
        fs::rename(self.copy(), &self.wanted)
            // So that the name lasts, as what it names does.
            .and_then(|()| File::open(parent(&self.wanted))?.sync_all())
            .map_err(|error| {
                let failure = Failure::new(format!("can't give the copy the name {shown}"));
                match error.kind() {
                    io::ErrorKind::CrossesDevices | io::ErrorKind::ResourceBusy => {
                        failure.hint("this is where a disk is mounted: name a directory on it")
                    }
                    _ => failure,
                }
                .because(&error)
            })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After an interrupt a thread may still be copying: it ends when it finds no directory.
        for _ in 0..TRIES {
            match fs::remove_dir_all(&self.directory) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                _ => return,
            }
        }
    }
}

/// The directory that it is in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
