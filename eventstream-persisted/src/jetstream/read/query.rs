use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use eventstream_core::{Event, EventQuery, Parcel, Result};
use tokio::time::{Instant, sleep};

use super::{
    Delivered, Filter, Heard,
    route::{Route, explain_gap},
};
use crate::jetstream::{core::Core, error::JetStreamError};

/// The events of a page at most …
const PAGE: usize = 1_000;
/// … and their bytes, if they are several.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A run of events out of a [`JetStreamStore`](crate::JetStreamStore).
///
/// It ends where the store ended when the query was made. In memory are what the server was asked for
/// ahead, which is 2,000 events or 4 MiB, and one page of up to 1,000 events or 4 MiB, or one event if
/// that is larger.
pub struct JetStreamQuery {
    core: Arc<Core>,
    filter: Arc<Filter>,
    end: u64,
    /// All below it was looked at: what matches is ready, or was returned.
    position: u64,
    ready: VecDeque<Event>,
    /// The way that is gone, if one is.
    route: Option<Route>,
    /// A page that is being read …
    page: Vec<Event>,
    page_bytes: usize,
    /// … up to this offset.
    page_end: u64,
}

impl JetStreamQuery {
    pub(in crate::jetstream) fn new(
        core: Arc<Core>,
        filter: Filter,
        position: u64,
        end: u64,
    ) -> Self {
        // Where nothing can match, there is nothing to be read.
        let position = if filter.is_nothing() { position.max(end) } else { position };
        Self {
            core,
            filter: Arc::new(filter),
            end,
            position,
            ready: VecDeque::new(),
            route: None,
            page: Vec::new(),
            page_bytes: 0,
            page_end: position,
        }
    }

    /// Reads a page, and tries again while that may help.
    async fn read_page(&mut self) -> Result<()> {
        let mut since = (Instant::now(), self.page_end);
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.try_read_page().await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.start_over();
            self.core.last_known.doubt();
            if self.page_end > since.1 {
                since = (Instant::now(), self.page_end);
                pause = FIRST_PAUSE;
            }
            if !error.is_retryable() || since.0.elapsed() > self.core.timeout {
                return Err(error);
            }
            tracing::debug!(stream = %self.core.link.stream, %error, "reading again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_read_page(&mut self) -> Result<()> {
        if self.route.is_none() {
            self.start_over();
            let (core, filter) = (self.core.clone(), self.filter.clone());
            let route = Route::begin(&core, &filter, self.position, self.end).await?;
            if route.ends_with(route.pull.pending) {
                self.page_end = route.stop;
            }
            self.route = Some(route);
        }
        let mut quiet_since = Instant::now();
        while !self.is_page_full() {
            let Some(route) = &mut self.route else { break };
            let found = match route.pull.try_next() {
                Ok(Some(delivered)) => Some(delivered),
                // What is there without waiting is a page, where nothing has to be checked.
                Ok(None) if !self.filter.is_by_server() && self.page_end > self.position => break,
                Ok(None) => match route.pull.next().await {
                    Ok(Heard::Message(delivered)) => Some(delivered),
                    Ok(Heard::Nothing) => None,
                    Err(error) => return Err(error.into_error("read")),
                },
                Err(error) => return Err(error.into_error("read")),
            };
            match found {
                Some(delivered) => {
                    quiet_since = Instant::now();
                    self.take(delivered).await?;
                }
                None if quiet_since.elapsed() > self.core.timeout => {
                    return Err(explain_gap(&self.core, self.position, self.end).await);
                }
                None => {}
            }
        }
        if self.filter.is_by_server() {
            let Some(route) = &self.route else { return Ok(()) };
            if !route.check(&self.core, self.position).await? {
                // Something was deleted from the middle: perhaps where this page is from.
                self.start_over();
                return Ok(());
            }
        }
        self.position = self.page_end;
        self.page_bytes = 0;
        self.ready.extend(self.page.drain(..));
        if self.route.as_ref().is_some_and(|route| self.position >= route.stop) {
            self.route = None;
        }
        Ok(())
    }

    fn is_page_full(&self) -> bool {
        let stop = self.route.as_ref().map_or(self.end, |route| route.stop);
        self.page_end >= stop || self.page.len() >= PAGE || self.page_bytes >= PAGE_BYTES
    }

    /// Takes a message in.
    async fn take(&mut self, delivered: Delivered) -> Result<()> {
        let offset = delivered.offset();
        if offset < self.page_end {
            // It was there before: the copy that is read is not what it was.
            let problem = format!("the message at offset {offset} has come again");
            let error = JetStreamError::NoAnswer { action: "deliver messages", problem };
            return Err(error.into_error("read"));
        }
        if offset > self.page_end && !self.filter.is_by_server() {
            if self.stop_at(self.page_end) {
                return Ok(());
            }
            return Err(explain_gap(&self.core, self.page_end, self.end).await);
        }
        let stop = self.route.as_ref().map_or(self.end, |route| route.stop);
        if offset >= stop {
            // It was appended since.
            self.page_end = stop;
            return Ok(());
        }
        let pending = delivered.pending;
        let parcel = match Parcel::from_wire(delivered.content) {
            Ok(parcel) => parcel,
            Err(_) if self.stop_at(offset) => return Ok(()),
            Err(error) => {
                let stream = &self.core.link.stream;
                return Err(JetStreamError::damaged(stream, offset, error).into_error("read"));
            }
        };
        self.page_end = match &self.route {
            Some(route) if route.ends_with(pending) => stop,
            _ => offset + 1,
        };
        if self.filter.matches(&parcel) {
            self.page_bytes += parcel.wire().len();
            self.page.push(Event { offset, parcel });
        }
        Ok(())
    }

    /// Has the page end where the way ends, if it got on until there: first comes what is good. What is
    /// wrong there is met again at the beginning of the next page.
    fn stop_at(&mut self, offset: u64) -> bool {
        match &mut self.route {
            Some(route) if offset > self.position => {
                route.stop = offset;
                self.page_end = offset;
                true
            }
            _ => false,
        }
    }

    /// Begins anew at the position: what is on its way is of no use.
    fn start_over(&mut self) {
        self.route = None;
        self.page.clear();
        self.page_bytes = 0;
        self.page_end = self.position;
    }
}

impl EventQuery for JetStreamQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        while self.ready.is_empty() && self.position < self.end {
            self.read_page().await?;
        }
        let mut bytes = 0;
        let fits = |event: &&Event| {
            bytes += event.parcel.wire().len();
            bytes <= PAGE_BYTES
        };
        // One alone may be larger.
        let fitting = self.ready.iter().take(max).take_while(fits).count();
        let count = fitting.max(usize::from(!self.ready.is_empty()));
        buf.extend(self.ready.drain(..count));
        Ok(count)
    }

    fn position(&self) -> u64 {
        self.ready.front().map_or(self.position, |event| event.offset)
    }
}

impl fmt::Debug for JetStreamQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamQuery")
            .field("position", &self.position())
            .field("end", &self.end)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
