use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use eventstream_core::Incarnation;

use crate::embedded::{
    creation,
    disk::{Lock, RealDisk, names, replace, sync_directory},
    error::{EmbeddedStoreError, Result},
    files::Files,
    layout::{Head, Oldest},
    write::PATIENCE,
};

/// What a [backup](crate::EmbeddedStore::backup) has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupReport {
    /// The offset of the oldest event in the copy.
    pub first_offset: u64,
    /// The offset after the newest one.
    pub next_offset: u64,
    /// The size of the copy.
    pub bytes: u64,
    /// The copy's own incarnation.
    pub incarnation: Incarnation,
}

/// Whether somebody still wants a copy.
#[derive(Clone)]
pub(crate) struct Wanted(Arc<AtomicBool>);

/// Says that nobody does, when it is dropped.
pub(crate) struct WantedGuard(Wanted);

impl Wanted {
    pub(crate) fn new() -> (Self, WantedGuard) {
        let wanted = Self(Arc::new(AtomicBool::new(true)));
        (wanted.clone(), WantedGuard(wanted))
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::Interrupted, "nobody waits for the copy any more"))
    }
}

impl Drop for WantedGuard {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

/// Copies a store into a directory that is not there, or empty, as long as that is wanted.
pub(crate) fn backup(
    files: &Files,
    tidy_lock: &Lock,
    target: &Path,
    wanted: &Wanted,
) -> Result<BackupReport> {
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| EmbeddedStoreError::file(action, path, source)
    };
    if !is_free(target).map_err(failed("look into", target))? {
        let there =
            io::Error::new(io::ErrorKind::AlreadyExists, "there is something there already");
        return Err(failed("make a backup in", target)(there));
    }
    // Nobody removes files meanwhile.
    let _locked = tidy_lock.hold_if_there(PATIENCE)?;
    // In this order: a log that is begun in between has nothing that is to be copied.
    let Some(head) = files.head()? else {
        return Err(EmbeddedStoreError::DamagedHead { path: files.path(names::HEAD) });
    };
    files.refresh()?;
    wanted.check().map_err(failed("make a backup in", target))?;
    if let Some(parent) = target.parent().filter(|parent| *parent != Path::new("")) {
        creation::create_directory(parent).map_err(failed("create the directory", parent))?;
    }
    let draft = Draft::beside(target);
    fs::create_dir(&draft.0).map_err(failed("create the directory", &draft.0))?;
    let mut bytes = 0;
    for (name, len) in what_to_copy(files, &head) {
        wanted.check().map_err(failed("make a backup in", target))?;
        let to = draft.0.join(&name);
        bytes += copy(&files.path(&name), &to, len).map_err(failed("copy to", &to))?;
    }
    let charter = files.charter.reborn();
    let disk = RealDisk::new(&draft.0);
    for name in [names::LOCK, names::TIDY_LOCK] {
        File::create(draft.0.join(name)).map_err(failed("create", &draft.0))?;
    }
    // Truncated meanwhile: not past the end of the copy.
    let oldest = files.oldest()?.max(head.oldest).min(head.next);
    for (name, content) in [
        (names::OLDEST, Oldest(oldest).encode()),
        (names::HEAD, Head { oldest, ..head }.encode()),
        (names::CHARTER, charter.encode()),
    ] {
        bytes += content.len() as u64;
        replace(&disk, name, &content).map_err(failed("write to", &draft.0.join(name)))?;
    }
    wanted.check().map_err(failed("make a backup in", target))?;
    draft.become_(target).map_err(failed("rename", target))?;
    Ok(BackupReport {
        first_offset: oldest,
        next_offset: head.next,
        bytes,
        incarnation: charter.incarnation,
    })
}

fn is_free(target: &Path) -> io::Result<bool> {
    match fs::read_dir(target) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// The files with the events up to the head, and how much of each.
fn what_to_copy(files: &Files, head: &Head) -> Vec<(String, Option<u64>)> {
    let catalog = files.catalog();
    let mut wanted = Vec::new();
    for segment in catalog.segments().filter(|segment| segment.next() > head.oldest) {
        wanted.push((segment.name(), None));
    }
    for log in catalog.logs().filter(|log| log.first() <= head.log) {
        // The one that is appended to grows meanwhile.
        wanted.push((log.name(), (log.first() == head.log).then_some(head.tail)));
    }
    for (first, next) in catalog.runs().iter().filter(|(_, next)| *next > head.oldest) {
        wanted.push((names::Numbered::Run { first: *first, next: *next }.name(), None));
    }
    wanted
}

fn copy(from: &Path, to: &Path, len: Option<u64>) -> io::Result<u64> {
    let mut source = File::open(from)?.take(len.unwrap_or(u64::MAX));
    let mut target = File::create_new(to)?;
    let copied = io::copy(&mut source, &mut target)?;
    target.sync_all()?;
    Ok(copied)
}

/// The directory that a copy is made in before it gets its name; removed if it does not get it.
struct Draft(PathBuf);

impl Draft {
    /// A name that nobody else has.
    fn beside(target: &Path) -> Self {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".draft-{:016x}", RandomState::new().hash_one(0)));
        Self(target.with_file_name(name))
    }

    fn become_(&self, target: &Path) -> io::Result<()> {
        sync_directory(&self.0)?;
        // An empty directory gives way; where it does not by itself, it is removed.
        if fs::rename(&self.0, target).is_err() {
            fs::remove_dir(target)?;
            fs::rename(&self.0, target)?;
        }
        match target.parent() {
            Some(parent) if parent != Path::new("") => sync_directory(parent),
            _ => sync_directory(Path::new(".")),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Not there any more if it has got its name.
        let _ = fs::remove_dir_all(&self.0);
    }
}
