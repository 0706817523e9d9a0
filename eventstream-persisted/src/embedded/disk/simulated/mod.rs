//! A disk in memory, for tests: it remembers what was asked of it, so that it can be had as it
//! might be after a power cut, and it can fail.

mod crash;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

pub(crate) use crash::Crashes;

use super::{Disk, File};

type FileId = usize;

/// A directory of files. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, FileId>,
    files: Vec<Vec<u8>>,
    /// What it began with.
    first: BTreeMap<String, Vec<u8>>,
    /// What was done, in order.
    done: Vec<Op>,
    faults: Faults,
}

/// Something that was asked of the disk.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Write { file: FileId, at: usize, bytes: Vec<u8> },
    SetLen { file: FileId, len: usize },
    Create { name: String, file: FileId },
    Rename { from: String, to: String },
    Remove { name: String },
    Sync { file: FileId },
    SyncNames,
}

/// When something is to fail, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// So many calls that change something or sync it succeed before.
    pub(crate) after: Option<usize>,
    pub(crate) kind: Option<io::ErrorKind>,
    /// All calls from then on fail, or that one alone.
    pub(crate) for_good: bool,
    /// A write that fails has written half.
    pub(crate) half: bool,
}

impl SimulatedDisk {
    /// One with these files, all on disk.
    pub(crate) fn with(files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut state = State { first: files.clone(), ..State::default() };
        for (name, content) in files {
            state.names.insert(name, state.files.len());
            state.files.push(content);
        }
        Self(Arc::new(Mutex::new(state)))
    }

    /// Its files, as they are now.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        state.names.iter().map(|(name, file)| (name.clone(), state.files[*file].clone())).collect()
    }

    /// The files that it began with.
    pub(crate) fn files_at_first(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().first.clone()
    }

    /// What was done so far.
    pub(crate) fn done(&self) -> Vec<Op> {
        self.state().done.clone()
    }

    pub(crate) fn fail(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Whether a fault has come to pass.
    pub(crate) fn has_failed(&self) -> bool {
        self.state().faults.after == Some(usize::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    /// The error of this call, if it is to fail.
    fn fault(&mut self) -> Option<io::Error> {
        let kind = self.faults.kind?;
        match &mut self.faults.after {
            None => None,
            Some(0) => {
                self.faults.after = Some(usize::MAX);
                if !self.faults.for_good {
                    self.faults.kind = None;
                }
                Some(kind.into())
            }
            Some(usize::MAX) => Some(kind.into()),
            Some(after) => {
                *after -= 1;
                None
            }
        }
    }

    fn write(&mut self, file: FileId, at: usize, bytes: &[u8]) {
        let content = &mut self.files[file];
        if content.len() < at + bytes.len() {
            content.resize(at + bytes.len(), 0);
        }
        content[at..at + bytes.len()].copy_from_slice(bytes);
        self.done.push(Op::Write { file, at, bytes: bytes.to_vec() });
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for SimulatedDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        if let Some(error) = state.fault() {
            return Err(error);
        }
        let file = state.files.len();
        state.files.push(Vec::new());
        state.names.insert(name.to_owned(), file);
        state.done.push(Op::Create { name: name.to_owned(), file });
        Ok(Arc::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = *self.state().names.get(name).ok_or_else(not_found)?;
        Ok(Arc::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.fault() {
            return Err(error);
        }
        let file = state.names.remove(from).ok_or_else(not_found)?;
        state.names.insert(to.to_owned(), file);
        state.done.push(Op::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.fault() {
            return Err(error);
        }
        state.names.remove(name).ok_or_else(not_found)?;
        state.done.push(Op::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.fault() {
            return Err(error);
        }
        state.done.push(Op::SyncNames);
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: FileId,
}

impl File for SimulatedFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let rest = state.files[self.file].get(usize::try_from(at).unwrap()..).unwrap_or_default();
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let at = usize::try_from(at).unwrap();
        if let Some(error) = state.fault() {
            if state.faults.half {
                state.write(self.file, at, &bytes[..bytes.len() / 2]);
            }
            return Err(error);
        }
        state.write(self.file, at, bytes);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Some(error) = state.fault() {
            return Err(error);
        }
        let len = usize::try_from(len).unwrap();
        state.files[self.file].resize(len, 0);
        state.done.push(Op::SetLen { file: self.file, len });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Some(error) = state.fault() {
            return Err(error);
        }
        state.done.push(Op::Sync { file: self.file });
        Ok(())
    }
}
