use std::sync::Arc;

use eventstream_core::{
    CloseHandle, Cursor, Error, Event, EventQuery, EventRepository, EventTypes, Result,
};
use eventstream_memory::MemoryCursor;

use super::persisted_stream::Shared;

/// The one position of a cursor, and what is read there: history, the cache, or nothing yet. It
/// reads in batches.
pub(super) struct Reader<R: EventRepository> {
    shared: Arc<Shared<R>>,
    types: EventTypes,
    /// Everything below it was handed out or filtered out.
    position: u64,
    /// History, while it is being read.
    history: Option<History<R::Query>>,
    /// The cache, while it is being read.
    recent: Option<MemoryCursor>,
    close: CloseHandle,
}

struct History<Q> {
    query: Q,
    /// Where the reader was when the query was made.
    from: u64,
}

impl<R: EventRepository> Reader<R> {
    pub(super) async fn open(
        shared: Arc<Shared<R>>,
        position: u64,
        types: EventTypes,
    ) -> Result<Self> {
        let mut reader = Self {
            shared,
            types,
            position,
            history: None,
            recent: None,
            close: CloseHandle::new(),
        };
        // So that a position which is truncated is said at once.
        if reader.shared.repository.next_offset().await? > position {
            reader.turn_to_history().await?;
        }
        Ok(reader)
    }

    /// Sleeps until an event is at the position, if none is there yet.
    async fn wait(&mut self) -> Result<()> {
        let next = self.close.guard(self.shared.repository.wait_for(self.position)).await?;
        if next > self.position {
            Ok(())
        } else {
            Err(inconsistent("has woken a cursor for an event that it does not have"))
        }
    }

    /// Reads the cache. If it gives nothing, it has been looked at up to its end.
    fn read_recent(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if self.recent.as_ref().is_none_or(|recent| recent.position() != self.position) {
            self.recent = self.shared.recent.open(self.position, &self.types);
        }
        let Some(recent) = &mut self.recent else {
            return Ok(0);
        };
        let result = recent.try_next_batch(buf, max);
        self.position = recent.position();
        match result {
            // Fallen out of the cache: the repository still has it.
            Err(Error::Truncated { .. }) => {
                self.recent = None;
                Ok(0)
            }
            result => result,
        }
    }

    async fn turn_to_history(&mut self) -> Result<()> {
        let load = self.shared.repository.load_by_type(self.types.clone(), self.position);
        let query = self.close.guard(load).await?;
        self.history = Some(History { query, from: self.position });
        Ok(())
    }

    /// Reads history. If it gives nothing, it is at its end.
    async fn read_history(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let Some(history) = &mut self.history else {
            return Ok(0);
        };
        let result = self.close.guard(history.query.next_batch(buf, max)).await;
        self.position = self.position.max(history.query.position());
        if let Err(Error::Truncated { oldest, .. }) = result {
            // The cache must not go on with what the repository says is gone.
            self.shared.recent.truncate(oldest);
        }
        if matches!(result, Ok(0) | Err(_)) {
            // At its end, or broken: the next call starts afresh from the position.
            let from = history.from;
            self.history = None;
            if result.is_ok() && self.position == from {
                return Err(inconsistent("has nothing to read where it says that it has"));
            }
        }
        result
    }
}

impl<R: EventRepository> Cursor for Reader<R> {
    async fn next(&mut self) -> Result<Event> {
        let mut event = Vec::with_capacity(1);
        loop {
            self.next_batch(&mut event, 1).await?;
            if let Some(event) = event.pop() {
                return Ok(event);
            }
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        loop {
            self.close.check()?;
            if self.history.is_none() {
                let added = self.read_recent(buf, max)?;
                if added > 0 {
                    return Ok(added);
                }
                self.wait().await?;
                if self.shared.recent.covers(self.position) {
                    continue;
                }
                self.turn_to_history().await?;
            }
            let added = self.read_history(buf, max).await?;
            if added > 0 {
                return Ok(added);
            }
        }
    }

    fn position(&self) -> u64 {
        // A read that is dropped may have got on, too.
        let read = self.history.as_ref().map_or(0, |history| history.query.position());
        self.position.max(read)
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

fn inconsistent(problem: &'static str) -> Error {
    Error::backend("reading the repository", true, format!("the repository {problem}"))
}
