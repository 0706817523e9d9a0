//! Out of a store.

use eventstream_core::{
    Backoff, Cursor, Error, EventQuery, EventRepository, EventStream, EventType, EventTypes,
};
use eventstream_persisted::{AnyStore, StoreLocation};
use tokio::time::sleep;

use super::{
    BATCH, begin_with, patient::Patient, printer::Printer, say_if_past_the_end, types, waiting,
};
use crate::{args::TailArgs, commands::store, failure::Failure, output::note};

pub(super) async fn run(args: &TailArgs, location: &StoreLocation) -> Result<(), Failure> {
    let store = store::open(location, args.application.as_ref()).await?;
    let known = Known::of(&store).await?;
    known.say_what_is_missing(args);
    let types = known.types.iter().filter_map(EventTypes::names).flatten();
    let types = types.map(EventType::as_str);
    let printer = Printer::new(args, known.next, types);
    let first = args.from.unwrap_or(known.first);
    let mut reading = Reading { args, location, store, first, printer };
    if args.count == Some(0) {
        Ok(())
    } else if args.exit_at_end {
        reading.read_to(known.next).await
    } else {
        reading.follow().await
    }
}

/// What is there when the reading begins.
struct Known {
    first: u64,
    next: u64,
    /// None if all events had to be read to know them.
    types: Option<EventTypes>,
}

impl Known {
    async fn of(store: &AnyStore) -> Result<Self, Error> {
        Ok(Self {
            first: store.oldest_offset().await?,
            next: store.next_offset().await?,
            types: store.known_types().await?,
        })
    }

    /// Says on the standard error why there may be nothing to see.
    fn say_what_is_missing(&self, args: &TailArgs) {
        say_if_past_the_end(args, self.next);
        let Some(types) = &self.types else { return };
        for event_type in &args.types {
            if !types.contains(event_type.as_str()) {
                note(&format!(
                    "There is no event of type {:?} in the store{}.",
                    event_type.as_str(),
                    waiting(args),
                ));
            }
        }
    }
}

struct Reading<'a> {
    args: &'a TailArgs,
    location: &'a StoreLocation,
    store: AnyStore,
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
        let patient = Patient::new(&self.location.to_string());
        let (mut events, mut failures) = (Vec::new(), 0);
        loop {
            match cursor.next_batch(&mut events, BATCH).await {
                Ok(_) => failures = 0,
                // The cursor goes on where it was, once the server is there again.
                Err(error) if error.is_retryable() && self.location.directory().is_none() => {
                    failures += 1;
                    sleep(patient.delay(failures)).await;
                    continue;
                }
                Err(error) => return Err(self.unreadable(error)),
            }
            if self.printer.print(&mut events)? {
                return Ok(());
            }
        }
    }

    fn unreadable(&self, error: Error) -> Failure {
        let hint = match &error {
            Error::Truncated { oldest, .. } => Some(begin_with(*oldest)),
            _ => store::advice_on_damage(&error, self.location),
        };
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
