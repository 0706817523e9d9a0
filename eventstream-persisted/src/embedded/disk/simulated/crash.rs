//! What may be on a disk after a power cut.
//!
//! What was synced is there. Of what was written since, anything may be there: all of it, nothing,
//! some writes without those before them, and of a write some of its sectors. Names come in the
//! order in which they were given; they may lag behind, too.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileId, Op};

const SECTOR: usize = 512;

type Files = BTreeMap<String, Vec<u8>>;

/// Follows what is done to a disk that was empty.
#[derive(Default)]
pub(crate) struct Crashes {
    base: Base,
    /// Writes that were not synced.
    writes: Vec<Pending>,
    /// Names that were not.
    names: Vec<Op>,
}

impl Crashes {
    /// On a disk that has these files, as [`SimulatedDisk::with`](super::SimulatedDisk::with) has
    /// them.
    pub(crate) fn on(files: &Files) -> Self {
        let mut crashes = Self::default();
        for (file, (name, content)) in files.iter().enumerate() {
            crashes.base.names.insert(name.clone(), file);
            crashes.base.files.insert(file, content.clone());
        }
        crashes
    }

    /// Something more is done.
    pub(crate) fn follow(&mut self, op: &Op) {
        match op {
            Op::Write { file, at, bytes } => {
                let write = Pending { file: *file, at: *at, bytes: Some(bytes.clone()) };
                self.forget_some_of(&write);
                self.writes.push(write);
            }
            Op::SetLen { file, len } => {
                self.writes.push(Pending { file: *file, at: *len, bytes: None });
            }
            Op::Sync { file } => {
                let synced = self.writes.extract_if(.., |write| write.file == *file);
                for write in synced {
                    write_into(&mut self.base.files, &write, Part::All);
                }
            }
            Op::SyncNames => {
                for op in self.names.drain(..) {
                    apply(&mut self.base.names, &op);
                }
                // What has no name any more can't come back.
                let named: BTreeSet<_> = self.base.names.values().collect();
                self.writes.retain(|write| named.contains(&write.file));
            }
            Op::Create { .. } | Op::Rename { .. } | Op::Remove { .. } => {
                self.names.push(op.clone());
            }
        }
    }

    /// What is written to one place over and over, and never synced, may be on disk in any of its
    /// states: the oldest and the last two are tried.
    fn forget_some_of(&mut self, write: &Pending) {
        let same = |other: &Pending| {
            let len = |write: &Pending| write.bytes.as_ref().map(Vec::len);
            (other.file, other.at, len(other)) == (write.file, write.at, len(write))
        };
        let places: Vec<_> = self
            .writes
            .iter()
            .enumerate()
            .filter(|(_, w)| same(w))
            .map(|(place, _)| place)
            .collect();
        if let [_, forgotten, _] = places[..] {
            self.writes.remove(forgotten);
        }
    }

    /// Calls `check` with all that may be on disk if the power is cut now.
    pub(crate) fn images(&self, mut check: impl FnMut(Files)) {
        for choice in choices(self.writes.len()) {
            // All names or none of those that were not synced; in between, in their order.
            let lags: BTreeSet<_> = [0, self.names.len() / 2, self.names.len()].into();
            for lag in lags {
                check(self.base.image(&self.writes, &choice, &self.names[..lag]));
            }
        }
    }
}

/// A write that was not synced.
struct Pending {
    file: FileId,
    at: usize,
    /// `None`: the file ends there.
    bytes: Option<Vec<u8>>,
}

/// What is on disk for sure.
#[derive(Default)]
struct Base {
    names: BTreeMap<String, FileId>,
    files: BTreeMap<FileId, Vec<u8>>,
}

/// What of a write that was not synced is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    All,
    Nothing,
    FirstSector,
    AllButFirstSector,
}

fn apply(names: &mut BTreeMap<String, FileId>, op: &Op) {
    match op {
        Op::Create { name, file } => drop(names.insert(name.clone(), *file)),
        Op::Rename { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Op::Remove { name } => drop(names.remove(name)),
        _ => {}
    }
}

fn write_into(files: &mut BTreeMap<FileId, Vec<u8>>, write: &Pending, part: Part) {
    if part == Part::Nothing {
        return;
    }
    let Some(bytes) = &write.bytes else {
        files.entry(write.file).or_default().resize(write.at, 0);
        return;
    };
    let first_sector = bytes.len().min(SECTOR - write.at % SECTOR);
    let (skipped, bytes) = match part {
        Part::FirstSector => (0, &bytes[..first_sector]),
        Part::AllButFirstSector => (first_sector, &bytes[first_sector..]),
        Part::All | Part::Nothing => (0, &bytes[..]),
    };
    if bytes.is_empty() {
        return;
    }
    let start = write.at + skipped;
    let content = files.entry(write.file).or_default();
    if content.len() < start + bytes.len() {
        content.resize(start + bytes.len(), 0);
    }
    content[start..start + bytes.len()].copy_from_slice(bytes);
}

impl Base {
    fn image(&self, writes: &[Pending], parts: &[Part], more: &[Op]) -> Files {
        let (mut names, mut files) = (self.names.clone(), self.files.clone());
        for op in more {
            apply(&mut names, op);
        }
        for (write, part) in writes.iter().zip(parts) {
            write_into(&mut files, write, *part);
        }
        let content = |file: FileId| files.get(&file).cloned().unwrap_or_default();
        names.into_iter().map(|(name, file)| (name, content(file))).collect()
    }
}

/// The parts of so many writes, in all the combinations that are tried.
fn choices(writes: usize) -> BTreeSet<Vec<Part>> {
    let mut choices = BTreeSet::new();
    let all = vec![Part::All; writes];
    let nothing = vec![Part::Nothing; writes];
    for prefix in 0..=writes {
        // The first so many, the last one of them whole or in part.
        let mut choice = nothing.clone();
        choice[..prefix].copy_from_slice(&all[..prefix]);
        choices.insert(choice.clone());
        for part in [Part::FirstSector, Part::AllButFirstSector] {
            if let Some(last) = choice[..prefix].last_mut() {
                *last = part;
                choices.insert(choice.clone());
            }
        }
    }
    for one in 0..writes {
        // One alone, and all but one.
        let cases = [(&nothing, Part::All), (&all, Part::Nothing), (&all, Part::FirstSector)];
        for (rest, part) in cases {
            let mut choice = rest.clone();
            choice[one] = part;
            choices.insert(choice);
        }
    }
    choices
}
