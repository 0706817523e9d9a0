use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, TryLockError},
    time::{Duration, Instant},
};

use ring::digest::{Context, SHA256};

use super::FileError;

/// How often the files are looked at, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// No file that is meant is larger, and whoever uses it has to wait until it is read.
const MAX_BYTES: u64 = 4 << 20;

/// Makes a value of what is in the files, which come in the order of their paths.
type Make<T> = Box<dyn Fn(&[Loaded<'_>]) -> Result<T, FileError> + Send + Sync>;

/// A value that is made of files. They are looked at when it is used; if they have changed, it is
/// made anew, and if it can't be, the one before stays.
///
/// What is in the files is compared, not when they were written: clocks are coarse, and not to be
/// relied on.
pub(crate) struct Watched<T> {
    paths: Vec<PathBuf>,
    make: Make<T>,
    value: RwLock<Arc<T>>,
    seen: Mutex<Seen>,
}

/// What is in a file.
pub(crate) struct Loaded<'a> {
    pub(crate) path: &'a Path,
    pub(crate) bytes: Vec<u8>,
}

impl Loaded<'_> {
    /// It can't be used.
    pub(crate) fn invalid(&self, problem: &(impl ToString + ?Sized)) -> FileError {
        FileError::Invalid { path: self.path.to_owned(), problem: problem.to_string() }
    }
}

struct Seen {
    /// Of what is in the files, or why they can't be read.
    state: Result<Vec<u8>, io::ErrorKind>,
    at: Instant,
}

impl<T> Watched<T> {
    pub(crate) fn new(
        paths: Vec<PathBuf>,
        make: impl Fn(&[Loaded<'_>]) -> Result<T, FileError> + Send + Sync + 'static,
    ) -> Result<Self, FileError> {
        let at = Instant::now();
        let (loaded, digest) = load(&paths)?;
        let value = RwLock::new(Arc::new(make(&loaded)?));
        let seen = Mutex::new(Seen { state: Ok(digest), at });
        Ok(Self { paths, make: Box::new(make), value, seen })
    }

    /// The value, as new as the files were a second ago.
    pub(crate) fn get(&self) -> Arc<T> {
        self.get_at(Instant::now())
    }

    fn get_at(&self, now: Instant) -> Arc<T> {
        // Who comes while somebody else looks takes what is there.
        let seen = match self.seen.try_lock() {
            Ok(seen) => Some(seen),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut seen) = seen
            && now.saturating_duration_since(seen.at) >= INTERVAL
        {
            seen.at = now;
            self.look(&mut seen);
        }
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look(&self, seen: &mut Seen) {
        let loaded = load(&self.paths);
        let state = match &loaded {
            Ok((_, digest)) => Ok(digest.clone()),
            Err(FileError::Read { source, .. }) => Err(source.kind()),
            Err(_) => Err(io::ErrorKind::Other),
        };
        if state == seen.state {
            return;
        }
        seen.state = state;
        match loaded.and_then(|(loaded, _)| (self.make)(&loaded)) {
            Ok(made) => {
                *self.value.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                tracing::info!(files = ?self.paths, "files have changed and were read again");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "files have changed, but can't be used: those before count");
            }
        }
    }
}

fn load(paths: &[PathBuf]) -> Result<(Vec<Loaded<'_>>, Vec<u8>), FileError> {
    let mut context = Context::new(&SHA256);
    let mut loaded = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read(path)?;
        context.update(&bytes.len().to_le_bytes());
        context.update(&bytes);
        loaded.push(Loaded { path, bytes });
    }
    Ok((loaded, context.finish().as_ref().to_vec()))
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(count) if count as u64 > MAX_BYTES => Err(FileError::Invalid {
            path: path.to_owned(),
            problem: format!("it is larger than {MAX_BYTES} bytes: is it the right file?"),
        }),
        Ok(_) => Ok(bytes),
        Err(source) => Err(FileError::Read { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn number(loaded: &[Loaded<'_>]) -> Result<u32, FileError> {
        let text = String::from_utf8_lossy(&loaded[0].bytes);
        text.trim().parse().map_err(|error| loaded[0].invalid(&error))
    }

    #[test]
    fn the_files_are_looked_at_once_a_second_and_bad_ones_change_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("number");
        assert!(matches!(
            Watched::new(vec![path.clone()], number).err(),
            Some(FileError::Read { .. })
        ));
        fs::write(&path, "1").unwrap();
        let watched = Watched::new(vec![path.clone()], number).unwrap();
        let begin = Instant::now();
        let at = |seconds| *watched.get_at(begin + Duration::from_secs(seconds));
        assert_eq!(at(2), 1);
        // Of the same length, within the same tick of any clock.
        fs::write(&path, "2").unwrap();
        assert_eq!((at(2), at(3)), (1, 2));
        fs::write(&path, "three").unwrap();
        assert_eq!(at(4), 2);
        fs::remove_file(&path).unwrap();
        assert_eq!(at(5), 2);
        fs::write(&path, "4").unwrap();
        assert_eq!(at(6), 4);
    }
}
