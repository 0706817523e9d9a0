//! From a builder to a store that is open.

use std::{io, path::Path, sync::Arc};

use super::{
    builder::EmbeddedStoreBuilder,
    checks, creation,
    disk::{Lock, RealDisk, names, read_all, replace},
    error::{EmbeddedStoreError, Result},
    files::Files,
    in_place::InPlace,
    layout::{BadCharter, Charter, FORMAT},
    store::{EmbeddedStore, Inner},
    tidy::{Asks, Tidier, Tidying},
    watch::{Signal, Watch, Watching},
    write::{Core, Desk, Found, PATIENCE, Writer, find_end},
};
use crate::{RecentEvents, Severity};

/// Opens a store that is there.
pub(super) fn open(builder: &EmbeddedStoreBuilder) -> Result<EmbeddedStore> {
    let directory = builder.directory.clone();
    let disk = Arc::new(RealDisk::new(&directory));
    let lock = Arc::new(Lock::new(directory.join(names::LOCK)));
    let (mut charter, is_whole) = read_charter(&directory)?;
    if let Some(wanted) = &builder.application
        && wanted.key != charter.application.key
    {
        let (found, wanted) = (charter.application, wanted.clone());
        return Err(EmbeddedStoreError::OtherApplication { path: directory, found, wanted });
    }
    if builder.restored {
        charter = renew(&disk, &lock, &charter)?;
    }
    let files = Arc::new(Files::open(directory.clone(), disk, charter)?);
    let (core, next) = open_core(&files, &lock, builder.longest_log(), is_whole)?;
    let in_place = InPlace::of(&directory);
    files.ends_at(next);
    for finding in checks::at_opening(&directory) {
        if finding.severity() >= Severity::Warning {
            tracing::warn!(store = %directory.display(), "{finding}");
        }
    }
    let inner = start(builder, files, lock, in_place, core, next);
    let failed = |error| EmbeddedStoreError::file("start a thread for", directory, error);
    inner.map(EmbeddedStore::new).map_err(failed)
}

/// Starts the threads of a store.
fn start(
    builder: &EmbeddedStoreBuilder,
    files: Arc<Files>,
    lock: Arc<Lock>,
    in_place: InPlace,
    core: Option<Core>,
    next: u64,
) -> io::Result<Inner> {
    let application = &files.charter.application;
    let (events, bytes) = (builder.recent_events, builder.recent_bytes);
    let recent = RecentEvents::bounded(application, next, events, bytes);
    let watch = Arc::new(Watch::new(next, Arc::new(Signal::new(files.directory()))));
    let retention = builder.retention;
    let (asks, asked) = Asks::new();
    let desk = Desk {
        files: files.clone(),
        in_place: in_place.clone(),
        lock,
        log_bytes: builder.longest_log(),
        watch: watch.clone(),
        recent: recent.clone(),
        committed: {
            let asks = asks.clone();
            Box::new(move |oldest, next, has_rotated| {
                if has_rotated || retention.may_be_passed(oldest, next) {
                    asks.ask();
                }
            })
        },
    };
    let writer = Writer::start(desk, core)?;
    let tidy_lock = Arc::new(Lock::new(files.path(names::TIDY_LOCK)));
    if files.catalog().closed_logs().next().is_some() || !retention.is_unlimited() {
        asks.ask();
    }
    let (retained, truncate, tidied) = (files.clone(), writer.truncating(), writer.tidied());
    let tidying = Tidier::start(
        Tidying {
            files: files.clone(),
            compression: builder.compression,
            log_bytes: builder.longest_log(),
        },
        tidy_lock.clone(),
        (asks, asked),
        retention.interval(),
        move || match retention.find(&retained)? {
            Some(before) => truncate(before).map(|()| true),
            None => Ok(false),
        },
        tidied,
    )?;
    let watching = Watching::start(watch.clone(), files.clone(), in_place)?;
    Ok(Inner { files, watch, recent, writer, tidier: tidying, tidy_lock, _watching: watching })
}

/// Reads what the store is, and says whether both copies of that are good.
fn read_charter(directory: &Path) -> Result<(Charter, bool)> {
    let path = || directory.to_owned();
    let not_a_store = |problem| EmbeddedStoreError::NotAStore { path: path(), problem };
    if directory.is_file() {
        return Err(not_a_store("it is a file, and a store is a directory"));
    }
    let file = directory.join(names::CHARTER);
    let bytes = match read_all(&RealDisk::new(directory), names::CHARTER) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound || file.is_dir() => {
            return Err(match directory.try_exists() {
                Ok(false) => EmbeddedStoreError::NotFound { path: path() },
                Err(error) => EmbeddedStoreError::file("look for", path(), error),
                Ok(true) if directory.join(names::FORMAT_1).exists() => {
                    EmbeddedStoreError::OtherFormat { path: path(), found: 1, supported: FORMAT }
                }
                Ok(true) => match creation::is_unfinished(directory) {
                    Ok(true) => EmbeddedStoreError::NotFound { path: path() },
                    Ok(false) => not_a_store("the directory has no file `store`"),
                    Err(error) => EmbeddedStoreError::file("read the directory", path(), error),
                },
            });
        }
        Err(error) => return Err(EmbeddedStoreError::file("read", file, error)),
    };
    match Charter::decode(&bytes) {
        Ok((charter, is_whole)) => {
            if !is_whole {
                tracing::warn!(file = %file.display(), "one of the two copies in it is damaged");
            }
            Ok((charter, is_whole))
        }
        Err(BadCharter::Foreign) => Err(not_a_store("its file `store` is something else")),
        Err(BadCharter::Format(found)) => {
            Err(EmbeddedStoreError::OtherFormat { path: path(), found, supported: FORMAT })
        }
        Err(BadCharter::Damaged) => Err(EmbeddedStoreError::DamagedHead { path: file }),
    }
}

/// Gives the store another incarnation.
fn renew(disk: &RealDisk, lock: &Lock, charter: &Charter) -> Result<Charter> {
    let _locked = lock.hold(PATIENCE)?;
    let charter = charter.reborn();
    let written = replace(disk, names::CHARTER, &charter.encode());
    let file = lock.path().with_file_name(names::CHARTER);
    written.map_err(|error| EmbeddedStoreError::file("write to", file, error))?;
    Ok(charter)
}

/// Has the store as it should be, if nobody else is at it, and it can be written to; and finds out
/// where it ends.
fn open_core(
    files: &Arc<Files>,
    lock: &Lock,
    log_bytes: u64,
    is_charter_whole: bool,
) -> Result<(Option<Core>, u64)> {
    let end = || {
        Ok(match find_end(files)? {
            Found::End(state, _) => state.next(),
            Found::Lost { next, .. } => next,
        })
    };
    // What lies behind what was published may not be synced.
    let published = || files.head()?.map_or_else(end, |head| Ok(head.next));
    let Ok(Some(_locked)) = lock.try_acquire() else {
        // Somebody appends.
        return Ok((None, published()?));
    };
    match Core::open(files.clone(), log_bytes) {
        Ok(core) => {
            if !is_charter_whole {
                // While one of them is good.
                let written = replace(&*files.disk, names::CHARTER, &files.charter.encode());
                written.map_err(files.error("write to", names::CHARTER))?;
            }
            let next = core.next();
            Ok((Some(core), next))
        }
        // A disk that is read only has all that was ever there.
        Err(EmbeddedStoreError::NotWritable { .. }) => Ok((None, end()?)),
        // One that is full, or fails: what was published can be read.
        Err(EmbeddedStoreError::File { .. }) => Ok((None, published()?)),
        Err(error) => Err(error),
    }
}
