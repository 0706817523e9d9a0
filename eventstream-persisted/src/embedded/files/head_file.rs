use std::{
    io,
    sync::{Arc, OnceLock},
};

use crate::embedded::{
    disk::{Disk, File, names},
    layout::{HEAD, Head},
};

/// Reading it while it is being written can give a mixture of both: then it is read again, so
/// often.
const TRIES: usize = 100;

/// The file `head`.
#[derive(Debug, Default)]
pub(crate) struct HeadFile(OnceLock<Arc<dyn File>>);

impl HeadFile {
    /// What it says; `None` if it is not there, or damaged.
    pub(crate) fn read(&self, disk: &dyn Disk) -> io::Result<Option<Head>> {
        let file = match self.open(disk) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        for _ in 0..TRIES {
            let mut bytes = [0; HEAD];
            let read = file.read_at(&mut bytes, 0)?;
            if let Some(head) = Head::decode(&bytes[..read]) {
                return Ok(Some(head));
            }
            if read < HEAD {
                break;
            }
            std::thread::yield_now();
        }
        Ok(None)
    }

    /// Says so to all who look, and wakes those who wait for it.
    pub(crate) fn write(&self, disk: &dyn Disk, head: &Head) -> io::Result<()> {
        let file = match self.open(disk) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = disk.create(names::HEAD)?;
                self.0.get_or_init(|| file)
            }
            file => file?,
        };
        file.write_at(&head.encode(), 0)
    }

    fn open(&self, disk: &dyn Disk) -> io::Result<&Arc<dyn File>> {
        match self.0.get() {
            Some(file) => Ok(file),
            None => disk.open(names::HEAD).map(|file| self.0.get_or_init(|| file)),
        }
    }
}
