//! Of a store.

use std::{collections::BTreeMap, path::Path};

use eventstream_core::{Identity, Incarnation};
use eventstream_persisted::StoreStats;
use serde::Serialize;

use crate::{
    args::{InfoArgs, ReportFormat},
    commands::store,
    failure::Failure,
    output::{Output, bars, grouped, in_bytes, plural},
};

pub(super) async fn run(args: &InfoArgs, path: &Path) -> Result<(), Failure> {
    let store = store::open_of(path, args.application.as_ref()).await?;
    let stats = store.stats().await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&Info::new(store.application(), &stats))?,
        ReportFormat::Text => {
            for line in text(path, store.application(), &stats) {
                output.line(&line)?;
            }
        }
    }
    output.flush()
}

#[derive(Serialize)]
struct Info<'a> {
    application: &'a Identity,
    incarnation: Incarnation,
    first_offset: u64,
    next_offset: u64,
    events_by_type: BTreeMap<&'a str, u64>,
    bytes: u64,
}

impl<'a> Info<'a> {
    fn new(application: &'a Identity, stats: &'a StoreStats) -> Self {
        Self {
            application,
            incarnation: stats.incarnation,
            first_offset: stats.first_offset,
            next_offset: stats.next_offset,
            events_by_type: by_type(stats).collect(),
            bytes: stats.bytes,
        }
    }
}

fn by_type(stats: &StoreStats) -> impl Iterator<Item = (&str, u64)> {
    stats.events_by_type.iter().map(|(event_type, events)| (event_type.as_str(), *events))
}

fn text(path: &Path, application: &Identity, stats: &StoreStats) -> Vec<String> {
    let events = stats.next_offset - stats.first_offset;
    let mut lines = vec![
        format!("store         {}", path.display()),
        format!("application   {application}"),
        format!("incarnation   {}", stats.incarnation),
        format!("first offset  {}", grouped(stats.first_offset)),
        format!("next offset   {}", grouped(stats.next_offset)),
        format!("size          {} on disk, {}", in_bytes(stats.bytes), plural(events, "event")),
    ];
    if events > 0 {
        lines.push(String::new());
        lines.extend(bars("event type", by_type(stats)));
    }
    lines
}
