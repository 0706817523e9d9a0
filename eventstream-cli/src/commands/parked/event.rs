//! A parked event, as it is shown.

use eventstream_core::{Identity, ParkedEvent};
use eventstream_persisted::SqliteConsumer;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::output::{grouped, plain, plural, push_event_json, second, timestamp};

/// An object with all that is known, and the event as `tail -o json` has it.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    consumer: &'a str,
    application: &'a Identity,
    state: &'static str,
    attempts: u32,
    first_failed_at: Option<String>,
    last_failed_at: Option<String>,
    error: &'a str,
    event: Option<Box<RawValue>>,
}

impl<'a> Row<'a> {
    pub(super) fn new(consumer: &'a SqliteConsumer, parked: &'a ParkedEvent) -> Self {
        let mut event = Vec::new();
        push_event_json(&parked.event, &mut event);
        Self {
            consumer: &consumer.name,
            application: &consumer.application,
            state: if parked.replaying { "replaying" } else { "parked" },
            attempts: parked.attempts,
            first_failed_at: timestamp(parked.first_failed_at),
            last_failed_at: timestamp(parked.last_failed_at),
            error: &parked.error,
            // It was written as JSON.
            event: serde_json::from_slice(&event).ok(),
        }
    }
}

/// What it is, on a line; how it came to be parked; and why.
pub(super) fn text(parked: &ParkedEvent) -> [String; 3] {
    let parcel = &parked.event.parcel;
    let what = format!(
        "{:>8}  {}  {}{}",
        grouped(parked.event.offset),
        plain(parcel.event_type()),
        plain(parcel.message_id()),
        if parked.replaying { "  (to be replayed)" } else { "" },
    );
    [what, format!("          {}", history(parked)), format!("          {}", plain(&parked.error))]
}

fn history(parked: &ParkedEvent) -> String {
    let last = second(parked.last_failed_at);
    match parked.attempts {
        1 => format!("failed at {last}"),
        attempts => format!(
            "failed in {}, {} to {last}",
            plural(attempts.into(), "attempt"),
            second(parked.first_failed_at),
        ),
    }
}
