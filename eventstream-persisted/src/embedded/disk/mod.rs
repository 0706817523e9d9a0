//! The little that a store asks of a file system: what a test can put in its place.
//!
//! Names are those of files in the store's directory.

mod lock;
pub(super) mod names;
mod real;
#[cfg(test)]
pub(super) mod simulated;

use std::{fmt, io, sync::Arc};

pub(super) use lock::Lock;
pub(super) use real::{RealDisk, is_read_only, sync_directory};

/// A directory of files.
pub(super) trait Disk: fmt::Debug + Send + Sync {
    /// Makes a file, and empties it if it is there.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Opens a file to read it and, if that is allowed, to write to it.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Gives a file another name, and replaces the file that has it, if one has.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    fn remove(&self, name: &str) -> io::Result<()>;

    /// Has names that were given, changed and removed written to disk.
    fn sync_names(&self) -> io::Result<()>;
}

/// An open file. What is written can be read by everybody at once, and is on disk after a
/// [`sync`](Self::sync).
pub(super) trait File: fmt::Debug + Send + Sync {
    /// Reads what is there, up to the length of `buf`; returns how much that was.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize>;

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    fn len(&self) -> io::Result<u64>;

    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Has the content written to disk.
    fn sync(&self) -> io::Result<()>;
}

/// Reads `len` bytes; `None` if the file ends before.
pub(super) fn read_exact(file: &dyn File, at: u64, len: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; len];
    let read = file.read_at(&mut bytes, at)?;
    Ok((read == len).then_some(bytes))
}

/// Reads all of a small file.
pub(super) fn read_all(disk: &dyn Disk, name: &str) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; len];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Puts a small file in the place of one that may be there: whoever looks finds the one or the
/// other, whole, whatever happens meanwhile.
pub(super) fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = names::draft(name);
    let written = disk.create(&draft).and_then(|file| {
        file.write_at(bytes, 0)?;
        file.sync()
    });
    if let Err(error) = written {
        // There may be no room for it; a later one replaces it otherwise.
        let _ = disk.remove(&draft);
        return Err(error);
    }
    disk.rename(&draft, name)?;
    disk.sync_names()
}
