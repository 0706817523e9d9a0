use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{authors::Authors, chance::Chance, harness::*};

pub(crate) const EVENTS: u64 = 600;

/// A store that came about in many ways, and the lines that `tail -o json` shows of it.
pub(crate) struct Original {
    pub(crate) place: Place,
    pub(crate) lines: Vec<String>,
}

impl Original {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let authors = Authors::new(chance.seed);
        let place = Place::new();
        let mut first = 0;
        while first < EVENTS {
            let next = EVENTS.min(first + chance.u64(1..200));
            let batch = chance.u64(1..100).to_string();
            place.append(&["--batch", &batch], authors.lines(0, first..next)).assert_ok();
            first = next;
            // So that there are all kinds of files, also those that come about in time.
            if first < EVENTS && chance.bool() {
                run(place.command("compact", &[]), b"").assert_ok();
            }
        }
        let before = chance.u64(0..20);
        run(place.command("truncate", &["--before", &before.to_string()]), b"").assert_ok();
        let done = place.tail(&["--exit-at-end", "-o", "json"]);
        done.assert_ok();
        let lines: Vec<String> = done.stdout.lines().map(str::to_owned).collect();
        assert_eq!(lines.len() as u64, EVENTS - before);
        Self { place, lines }
    }

    /// A copy of it, and the files in that.
    pub(crate) fn copy(&self) -> (Place, Vec<PathBuf>) {
        let copy = Place::new();
        let mut files = Vec::new();
        copy_all(&self.place.store, &copy.store, &mut files);
        files.sort();
        (copy, files)
    }

    /// A copy of it with one changed bit, and a text that says which one.
    pub(crate) fn flipped(&self, chance: &mut Chance) -> (Place, String) {
        let (place, files) = self.copy();
        let file = &files[chance.usize(..files.len())];
        let mut bytes = fs::read(file).unwrap();
        let at = chance.usize(..bytes.len());
        let bit = 1 << chance.u32(..8);
        bytes[at] ^= bit;
        fs::write(file, bytes).unwrap();
        (place, format!("{}, byte {at} ^ {bit}", file.display()))
    }
}

fn copy_all(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target, files);
        } else if fs::copy(entry.path(), &target).unwrap() > 0 {
            files.push(target);
        }
    }
}
