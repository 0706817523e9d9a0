use std::{fs::File, io::Write, thread};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

/// A raw file: all that is queued is written at once, and synced.
#[derive(Clone)]
pub struct Log(mpsc::UnboundedSender<(Bytes, oneshot::Sender<Bytes>)>);

impl Log {
    pub fn start() -> Self {
        let (sender, mut queue) = mpsc::unbounded_channel::<(Bytes, oneshot::Sender<Bytes>)>();
        thread::spawn(move || {
            let directory = tempfile::tempdir().expect("a directory");
            let mut file = File::create(directory.path().join("log")).expect("a file");
            let (mut buffer, mut waiting) = (Vec::new(), Vec::new());
            while let Some(mut append) = queue.blocking_recv() {
                loop {
                    buffer.extend_from_slice(&append.0);
                    waiting.push(append.1);
                    match queue.try_recv() {
                        Ok(next) => append = next,
                        Err(_) => break,
                    }
                }
                file.write_all(&buffer).expect("write");
                file.sync_data().expect("sync");
                buffer.clear();
                for waiting in waiting.drain(..) {
                    // Who does not wait any more does not want to know.
                    drop(waiting.send(Bytes::from_static(b"stored")));
                }
            }
        });
        Self(sender)
    }

    /// Appends; the answer comes when it is on disk.
    pub fn append(&self, bytes: Bytes) -> oneshot::Receiver<Bytes> {
        let (sender, synced) = oneshot::channel();
        self.0.send((bytes, sender)).expect("the log");
        synced
    }
}
