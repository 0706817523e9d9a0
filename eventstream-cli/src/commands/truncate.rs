//! `eventstream truncate`.

use eventstream_core::{Error, EventRepository, EventStore};
use eventstream_persisted::AnyStore;
use serde::Serialize;

use super::store;
use crate::{
    args::{ReportFormat, TruncateArgs},
    failure::Failure,
    output::{Output, grouped, plural},
};

#[derive(Serialize)]
struct Truncated {
    removed: u64,
    first_offset: u64,
    next_offset: u64,
}

pub(super) async fn run(args: TruncateArgs) -> Result<(), Failure> {
    let wanted = args.application.as_ref();
    let done =
        store::with(&args.store, wanted, async |store| truncate(store, args.before).await).await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&done)?,
        ReportFormat::Text => output.line(&text(&done))?,
    }
    output.flush()
}

async fn truncate(store: &AnyStore, before: u64) -> Result<Truncated, Failure> {
    let oldest = store.oldest_offset().await?;
    store.truncate(before).await.map_err(|error| {
        let hint = match &error {
            Error::PastTheEnd { next, .. } => Some(format!("--before {next} removes all events")),
            _ => None,
        };
        match hint {
            Some(hint) => Failure::from(error).hint(hint),
            None => error.into(),
        }
    })?;
    Ok(Truncated {
        removed: before.saturating_sub(oldest),
        first_offset: oldest.max(before),
        next_offset: store.next_offset().await?,
    })
}

fn text(Truncated { removed, first_offset, next_offset }: &Truncated) -> String {
    let first = grouped(*first_offset);
    match (removed, next_offset - first_offset) {
        (0, 0) => format!("nothing to remove: the store is empty, and its next offset is {first}"),
        (0, _) => format!("nothing to remove: the oldest event has offset {first}"),
        (_, 0) => format!("{} removed: the next offset is {first}", plural(*removed, "event")),
        (_, left) => format!(
            "{} removed, {} left: the oldest one has offset {first}",
            plural(*removed, "event"),
            grouped(left),
        ),
    }
}
