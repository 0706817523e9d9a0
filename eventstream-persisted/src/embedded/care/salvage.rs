use std::{collections::VecDeque, fmt, sync::Arc};

use eventstream_core::{Error, Event, Result};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Problem;
use crate::embedded::{
    EmbeddedStoreError,
    files::Files,
    read::{Filter, Page, read_page},
};

/// Reads all that can be read of an [`EmbeddedStore`](crate::EmbeddedStore), to the end that it had
/// when this began: made by [`EmbeddedStore::salvage`](crate::EmbeddedStore::salvage).
pub struct Salvage {
    files: Arc<Files>,
    /// Where it goes on; `None` before it has begun.
    position: Option<u64>,
    end: u64,
    ready: VecDeque<Event>,
    reading: Option<JoinHandle<Result<Step>>>,
}

/// What a step of a [`Salvage`] has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Salvaged {
    /// So many events were added.
    Events(usize),
    /// What comes next can't be read, and is left out.
    Damaged(Problem),
    /// There is no more.
    End,
}

enum Step {
    Page(Page),
    /// What is damaged, and where to go on.
    Damaged(Problem, u64),
}

impl Salvage {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files, position: None, end: 0, ready: VecDeque::new(), reading: None }
    }

    /// Adds up to `max` events to `buf`, or says what can't be read.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost, and nothing was added to `buf`.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if the file system fails; the next call tries again.
    pub async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<Salvaged> {
        loop {
            if !self.ready.is_empty() {
                let count = max.min(self.ready.len());
                buf.extend(self.ready.drain(..count));
                return Ok(Salvaged::Events(count));
            }
            let failed = |error: EmbeddedStoreError| error.into_error("salvage");
            let position = if let Some(position) = self.position {
                position
            } else {
                self.end = self.files.next().map_err(failed)?;
                *self.position.insert(self.files.oldest().map_err(failed)?)
            };
            if position >= self.end {
                return Ok(Salvaged::End);
            }
            let (files, end) = (self.files.clone(), self.end);
            let reading = self.reading.get_or_insert_with(|| {
                spawn_blocking(move || {
                    step(&files, position, end).map_err(|error| error.into_error("salvage"))
                })
            });
            let step = reading.await;
            self.reading = None;
            match step.map_err(|error| Error::backend("salvage", false, error))?? {
                Step::Page(page) => {
                    self.position = Some(page.position);
                    self.ready = page.events.into();
                }
                Step::Damaged(problem, next) => {
                    self.position = Some(next);
                    return Ok(Salvaged::Damaged(problem));
                }
            }
        }
    }
}

fn step(files: &Files, position: u64, end: u64) -> Result<Step, EmbeddedStoreError> {
    match read_page(files, &Filter::All, position, end) {
        Ok(Ok(page)) => Ok(Step::Page(page)),
        // Truncated meanwhile.
        Ok(Err(_)) => Ok(Step::Page(Page {
            events: Vec::new(),
            position: files.oldest()?.max(position),
            scanned: 0,
        })),
        Err(EmbeddedStoreError::Damaged { path, first, last, problem }) => {
            let file = match path.file_name() {
                Some(name) if path != files.directory() => name.to_string_lossy().into_owned(),
                _ => String::new(),
            };
            let last = last.min(end - 1);
            Ok(Step::Damaged(Problem::new(&file, Some((first, last)), problem), last + 1))
        }
        Err(error) => Err(error),
    }
}

impl fmt::Debug for Salvage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salvage")
            .field("position", &self.position)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
