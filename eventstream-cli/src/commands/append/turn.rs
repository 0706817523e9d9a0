use std::{fs::File, path::Path, sync::Arc};

use tokio::task;

/// Takes turns with other programs that append to the same store as this one does, so that what
/// was appended by them is not taken for one's own.
///
/// It is the store's directory that is locked: no file has to be made for it, and a program that
/// is killed leaves nothing behind. Where that can't be done, there are no turns.
#[derive(Default)]
pub(crate) struct Turn(Option<Arc<File>>);

/// It is our turn until this is dropped.
pub(super) struct Held(Option<Arc<File>>);

impl Turn {
    pub(crate) fn at(directory: &Path) -> Self {
        Self(File::open(directory).ok().map(Arc::new))
    }

    pub(super) async fn wait(&self) -> Held {
        let Some(file) = self.0.clone() else {
            return Held(None);
        };
        let locked = task::spawn_blocking(move || file.lock().ok().map(|()| file));
        Held(locked.await.ok().flatten())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            // What can't be unlocked is unlocked when the program ends.
            let _ = file.unlock();
        }
    }
}
