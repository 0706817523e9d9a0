//! `eventstream tail`.

use eventstream_core::{
    Cursor, Error, Event, EventQuery, EventRepository, EventStream, EventType, EventTypes,
};
use eventstream_persisted::{EmbeddedStore, StoreStats};

use super::store;
use crate::{
    args::{EventFormat, TailArgs},
    cloud_event,
    failure::Failure,
    interrupt::{self, Work},
    output::{Output, TextLayout, note, push_event_json, stdout_closed},
};

/// Events that are read, and written, at once.
const BATCH: usize = 256;

pub(super) async fn run(args: TailArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Nothing);
    let store = store::open(&args.store).await?;
    let stats = store.stats().await?;
    say_what_is_missing(&args, &stats);
    let mut printer = Printer::new(&args, &stats);
    let read = async {
        if args.count == Some(0) {
            Ok(())
        } else if args.exit_at_end {
            read_to(stats.next_offset, &args, &stats, &store, &mut printer).await
        } else {
            follow(&args, &stats, &store, &mut printer).await
        }
    };
    // What is read is written at once, so that nothing is lost when the reading is dropped.
    tokio::select! {
        biased;
        () = interrupted.cancelled() => Ok(()),
        () = stdout_closed() => Ok(()),
        result = read => result,
    }
}

/// Says on the standard error why there may be nothing to see.
fn say_what_is_missing(args: &TailArgs, stats: &StoreStats) {
    let waiting = if args.exit_at_end { "" } else { ": waiting" };
    let next = stats.next_offset;
    if let Some(from) = args.from
        && (from > next || (from == next && args.exit_at_end))
    {
        note(&format!(
            "There is nothing at offset {from} yet: the next offset is {next}{waiting}."
        ));
    }
    for event_type in &args.types {
        if !stats.events_by_type.contains_key(event_type) {
            note(&format!(
                "There is no event of type {:?} in the store{waiting}.",
                event_type.as_str(),
            ));
        }
    }
}

fn types(args: &TailArgs) -> EventTypes {
    if args.types.is_empty() { EventTypes::any() } else { args.types.iter().cloned().collect() }
}

fn from(args: &TailArgs, stats: &StoreStats) -> u64 {
    args.from.unwrap_or(stats.first_offset)
}

/// Shows what there is below `end`.
async fn read_to(
    end: u64,
    args: &TailArgs,
    stats: &StoreStats,
    store: &EmbeddedStore,
    printer: &mut Printer,
) -> Result<(), Failure> {
    // A query rather than a cursor: it knows where it ends, also if nothing of what is there is of
    // the types asked for.
    let mut query = store
        .load_by_type(types(args), from(args, stats))
        .await
        .map_err(|error| unreadable(error, args))?;
    let mut events = Vec::new();
    loop {
        let read =
            query.next_batch(&mut events, BATCH).await.map_err(|error| unreadable(error, args))?;
        // What was appended since the beginning is not asked for.
        let is_last = read == 0 || events.iter().any(|event| event.offset >= end);
        events.retain(|event| event.offset < end);
        if printer.print(&mut events)? || is_last {
            return Ok(());
        }
    }
}

/// Shows what there is, and what comes.
async fn follow(
    args: &TailArgs,
    stats: &StoreStats,
    store: &EmbeddedStore,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut cursor = store
        .stream(EventTypes::any())
        .open(from(args, stats), types(args))
        .await
        .map_err(|error| unreadable(error, args))?;
    let mut events = Vec::new();
    loop {
        cursor.next_batch(&mut events, BATCH).await.map_err(|error| unreadable(error, args))?;
        if printer.print(&mut events)? {
            return Ok(());
        }
    }
}

fn unreadable(error: Error, args: &TailArgs) -> Failure {
    let hint = match &error {
        Error::Truncated { oldest, .. } => Some(format!("--from {oldest} begins with the oldest")),
        _ => store::advice_on_damage(&error, &args.store),
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Writes events in the form that is asked for, as many as are asked for.
struct Printer {
    output: Output,
    format: EventFormat,
    layout: TextLayout,
    left: Option<u64>,
}

impl Printer {
    fn new(args: &TailArgs, stats: &StoreStats) -> Self {
        let known = stats.events_by_type.keys();
        let shown = if args.types.is_empty() {
            known.map(EventType::as_str).collect::<Vec<_>>()
        } else {
            args.types.iter().map(EventType::as_str).collect()
        };
        Self {
            output: Output::default(),
            format: args.output,
            layout: TextLayout::new(stats.next_offset.saturating_sub(1), shown.into_iter()),
            left: args.count,
        }
    }

    /// Writes the events, and takes them away; `true` if it was enough.
    fn print(&mut self, events: &mut Vec<Event>) -> Result<bool, Failure> {
        if self.format == EventFormat::Text {
            self.layout.fit(events);
        }
        for event in events.drain(..) {
            if self.left == Some(0) {
                break;
            }
            self.left = self.left.map(|left| left - 1);
            match self.format {
                EventFormat::Text => self.output.line(&self.layout.line(&event))?,
                EventFormat::Json => self.output.line_with(|out| push_event_json(&event, out))?,
                EventFormat::CloudEvents => {
                    self.output.line_with(|out| cloud_event::write(&event.parcel, out))?;
                }
            }
        }
        self.output.flush()?;
        Ok(self.left == Some(0))
    }
}
