//! Out of a store.

use std::path::Path;

use eventstream_core::{
    Cursor, Error, EventQuery, EventRepository, EventStream, EventType, EventTypes,
};
use eventstream_persisted::{EmbeddedStore, StoreStats};

use super::{BATCH, begin_with, printer::Printer, say_if_past_the_end, types, waiting};
use crate::{args::TailArgs, commands::store, failure::Failure, output::note};

pub(super) async fn run(args: &TailArgs, path: &Path) -> Result<(), Failure> {
    let store = store::open_of(path, args.application.as_ref()).await?;
    let stats = store.stats().await?;
    say_what_is_missing(args, &stats);
    let known = stats.events_by_type.keys().map(EventType::as_str);
    let printer = Printer::new(args, stats.next_offset, known);
    let first = args.from.unwrap_or(stats.first_offset);
    let mut reading = Reading { args, path, store, first, printer };
    if args.count == Some(0) {
        Ok(())
    } else if args.exit_at_end {
        reading.read_to(stats.next_offset).await
    } else {
        reading.follow().await
    }
}

/// Says on the standard error why there may be nothing to see.
fn say_what_is_missing(args: &TailArgs, stats: &StoreStats) {
    say_if_past_the_end(args, stats.next_offset);
    for event_type in &args.types {
        if !stats.events_by_type.contains_key(event_type) {
            note(&format!(
                "There is no event of type {:?} in the store{}.",
                event_type.as_str(),
                waiting(args),
            ));
        }
    }
}

struct Reading<'a> {
    args: &'a TailArgs,
    path: &'a Path,
    store: EmbeddedStore,
    first: u64,
    printer: Printer,
}

impl Reading<'_> {
    /// Shows what there is below `end`.
    async fn read_to(&mut self, end: u64) -> Result<(), Failure> {
        // A query rather than a cursor: it knows where it ends, also if nothing of what is there is of
        // the types asked for.
        let query = self.store.load_by_type(types(self.args), self.first).await;
        let mut query = query.map_err(|error| self.unreadable(error))?;
        let mut events = Vec::new();
        loop {
            let read = query.next_batch(&mut events, BATCH).await;
            // What was appended since the beginning is not asked for.
            let is_last = read.map_err(|error| self.unreadable(error))? == 0
                || events.iter().any(|event| event.offset >= end);
            events.retain(|event| event.offset < end);
            if self.printer.print(&mut events)? || is_last {
                return Ok(());
            }
        }
    }

    /// Shows what there is, and what comes.
    async fn follow(&mut self) -> Result<(), Failure> {
        let stream = self.store.stream(EventTypes::any());
        let cursor = stream.open(self.first, types(self.args)).await;
        let mut cursor = cursor.map_err(|error| self.unreadable(error))?;
        let mut events = Vec::new();
        loop {
            let read = cursor.next_batch(&mut events, BATCH).await;
            read.map_err(|error| self.unreadable(error))?;
            if self.printer.print(&mut events)? {
                return Ok(());
            }
        }
    }

    fn unreadable(&self, error: Error) -> Failure {
        let hint = match &error {
            Error::Truncated { oldest, .. } => Some(begin_with(*oldest)),
            _ => store::advice_on_damage(&error, self.path),
        };
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
