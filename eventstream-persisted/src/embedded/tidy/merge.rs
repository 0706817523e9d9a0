//! Merging runs of ids, so that few have to be asked.

use std::{io, iter::Peekable};

use super::index::index_segments;
use crate::embedded::{
    disk::names::Numbered,
    error::Result,
    files::Files,
    ids::{Run, write_run},
    layout::RunEntry,
};

/// So many runs of a size that lie one after another become one.
const FAN_IN: usize = 4;
/// Runs of up to so many entries are of the smallest size.
const SMALLEST: u64 = 16 * 1024;

/// Merges what can be merged, and removes what was; returns how many were.
pub(super) fn merge_runs(files: &Files) -> Result<usize> {
    let mut merged = remove_covered(files)?;
    while let Some(runs) = find(files)? {
        if let Some(problem) = merge(files, &runs)? {
            tracing::warn!(store = %files.directory().display(), problem, "ids are indexed anew");
            // One of them is damaged: it is made anew, and merged another time.
            return Ok(merged + index_segments(files, true)?);
        }
        files.refresh()?;
        merged += remove_covered(files)?;
    }
    Ok(merged)
}

/// Removes runs whose entries are in a longer one.
fn remove_covered(files: &Files) -> Result<usize> {
    let runs = files.catalog().runs().clone();
    let mut removed = 0;
    for (first, next) in &runs {
        let is_covered = runs.iter().any(|(other_first, other_next)| {
            other_first <= first && next <= other_next && (other_first, other_next) != (first, next)
        });
        if is_covered {
            let name = Numbered::Run { first: *first, next: *next }.name();
            files.disk.remove(&name).map_err(files.error("remove", &name))?;
            removed += 1;
        }
    }
    if removed > 0 {
        files.refresh()?;
    }
    Ok(removed)
}

/// Runs that are to become one.
fn find(files: &Files) -> Result<Option<Vec<Run>>> {
    let mut group: Vec<Run> = Vec::new();
    for (first, next) in files.catalog().runs().iter().rev() {
        let name = Numbered::Run { first: *first, next: *next }.name();
        let run = Run::open(&*files.disk, files.charter.tag(), *first, *next);
        let Ok(run) = run.map_err(files.error("read", &name))? else {
            // A damaged one is made anew by whoever compacts the store.
            group.clear();
            continue;
        };
        let goes_on = group.last().is_none_or(|last| {
            run.next() == last.first() && size(run.entries()) == size(last.entries())
        });
        if !goes_on {
            group.clear();
        }
        group.push(run);
        let span = group[0].next() - group[group.len() - 1].first();
        let fits = u32::try_from(span).is_ok();
        if !fits {
            group.clear();
        }
        if group.len() == FAN_IN {
            group.reverse();
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// The size of a run, in powers of the number that is merged.
fn size(entries: u64) -> u32 {
    (entries / SMALLEST).max(1).ilog2() / FAN_IN.ilog2()
}

/// Writes the entries of runs that lie one after another into one.
///
/// Returns what is wrong with one of them, if something is.
fn merge(files: &Files, runs: &[Run]) -> Result<Option<String>> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return Ok(None);
    };
    let (first, next) = (first.first(), last.next());
    let count = runs.iter().map(Run::entries).sum();
    let oldest = files.oldest()?;
    let sources = runs.iter().map(|run| Entries::of(run, first).peekable()).collect();
    // What is truncated meanwhile need not be found any more.
    let entries = Merged { sources }
        .filter(|entry| entry.as_ref().map_or(true, |e| first + u64::from(e.delta) >= oldest));
    let name = Numbered::Run { first, next }.name();
    let written = write_run(&*files.disk, files.charter.tag(), (first, next), count, entries);
    match written.and_then(|()| files.disk.sync_names()) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(error.to_string())),
        written => written.map(|()| None).map_err(files.error("write to", &name)),
    }
}

/// Writes those entries of a run anew that are not truncated.
pub(super) fn shorten_run(files: &Files, first: u64, next: u64, oldest: u64) -> Result<bool> {
    let name = Numbered::Run { first, next }.name();
    let run = Run::open(&*files.disk, files.charter.tag(), first, next);
    let Ok(run) = run.map_err(files.error("read", &name))? else {
        return Ok(false);
    };
    let shift = oldest - first;
    let entries = Entries::of(&run, first).filter_map(|entry| match entry {
        Ok(RunEntry { hash, delta }) => {
            let delta = u64::from(delta).checked_sub(shift).map(u32::try_from)?;
            Some(delta.map(|delta| RunEntry { hash, delta }).map_err(io::Error::other))
        }
        Err(error) => Some(Err(error)),
    });
    let name = Numbered::Run { first: oldest, next }.name();
    let count = run.entries();
    let written = write_run(&*files.disk, files.charter.tag(), (oldest, next), count, entries);
    match written.and_then(|()| files.disk.sync_names()) {
        // It stays as it is.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(false),
        written => written.map(|()| true).map_err(files.error("write to", &name)),
    }
}

/// The entries of several runs, in the order of their hashes.
struct Merged<'a> {
    sources: Vec<Peekable<Entries<'a>>>,
}

impl Iterator for Merged<'_> {
    type Item = io::Result<RunEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut least: Option<(usize, RunEntry)> = None;
        for (index, source) in self.sources.iter_mut().enumerate() {
            match source.peek() {
                Some(Err(_)) => return source.next(),
                Some(Ok(entry)) if least.is_none_or(|(_, least)| *entry < least) => {
                    least = Some((index, *entry));
                }
                Some(Ok(_)) | None => {}
            }
        }
        self.sources[least?.0].next()
    }
}

/// The entries of one run, counted from another offset.
struct Entries<'a> {
    run: &'a Run,
    shift: u64,
    page: u64,
    rest: std::vec::IntoIter<RunEntry>,
}

impl<'a> Entries<'a> {
    fn of(run: &'a Run, first: u64) -> Self {
        Self { run, shift: run.first() - first, page: 0, rest: Vec::new().into_iter() }
    }
}

impl Iterator for Entries<'_> {
    type Item = io::Result<RunEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(RunEntry { hash, delta }) = self.rest.next() {
                let delta = u32::try_from(u64::from(delta) + self.shift);
                return Some(delta.map(|delta| RunEntry { hash, delta }).map_err(io::Error::other));
            }
            if self.page >= self.run.pages() {
                return None;
            }
            match self.run.page(self.page) {
                Ok(Ok(entries)) => self.rest = entries.into_iter(),
                Ok(Err(problem)) => {
                    return Some(Err(io::Error::new(io::ErrorKind::InvalidData, problem)));
                }
                Err(error) => return Some(Err(error)),
            }
            self.page += 1;
        }
    }
}
