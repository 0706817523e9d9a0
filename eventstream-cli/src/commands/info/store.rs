//! Of a store.

use std::collections::BTreeMap;

use eventstream_core::{EventQuery, EventRepository, EventTypes, Identity, Incarnation};
use eventstream_persisted::{AnyStore, StoreLocation};
use serde::Serialize;

use crate::{
    args::{InfoArgs, ReportFormat},
    commands::store,
    failure::Failure,
    output::{Output, Progress, bars, grouped, in_bytes, plural},
};

/// Events that are read at once.
const BATCH: usize = 1_000;

pub(super) async fn run(args: &InfoArgs, location: &StoreLocation) -> Result<(), Failure> {
    let store = store::open(location, args.application.as_ref()).await?;
    let info = Info::of(&store).await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&info)?,
        ReportFormat::Text => {
            for line in info.text(location) {
                output.line(&line)?;
            }
        }
    }
    output.flush()
}

#[derive(Serialize)]
struct Info {
    application: Identity,
    incarnation: Incarnation,
    first_offset: u64,
    next_offset: u64,
    events_by_type: BTreeMap<String, u64>,
    /// Null where others keep the events, among other things.
    bytes: Option<u64>,
}

impl Info {
    async fn of(store: &AnyStore) -> Result<Self, Failure> {
        let mut info = Self {
            application: store.application().clone(),
            incarnation: store.incarnation(),
            first_offset: 0,
            next_offset: 0,
            events_by_type: BTreeMap::new(),
            bytes: None,
        };
        if let Some(store) = store.as_embedded() {
            let stats = store.stats().await?;
            info.first_offset = stats.first_offset;
            info.next_offset = stats.next_offset;
            let types = stats.events_by_type.into_iter();
            info.events_by_type = types.map(|(it, events)| (it.to_string(), events)).collect();
            info.bytes = Some(stats.bytes);
        } else {
            info.first_offset = store.oldest_offset().await?;
            info.next_offset = store.next_offset().await?;
            info.count(store).await?;
        }
        Ok(info)
    }

    /// Counts the events by reading them.
    async fn count(&mut self, store: &AnyStore) -> Result<(), Failure> {
        let progress = Progress::new(Some(self.next_offset - self.first_offset));
        let mut query = store.load_by_type(EventTypes::any(), self.first_offset).await?;
        let mut events = Vec::new();
        while query.next_batch(&mut events, BATCH).await? > 0 {
            for event in events.drain(..).filter(|event| event.offset < self.next_offset) {
                let event_type = event.parcel.event_type();
                match self.events_by_type.get_mut(event_type) {
                    Some(events) => *events += 1,
                    None => drop(self.events_by_type.insert(event_type.to_owned(), 1)),
                }
            }
            let read = query.position() - self.first_offset;
            progress.set(read, read);
        }
        progress.clear();
        Ok(())
    }

    fn text(&self, location: &StoreLocation) -> Vec<String> {
        let events = plural(self.next_offset - self.first_offset, "event");
        let mut lines = vec![
            format!("store         {location}"),
            format!("application   {}", self.application),
            format!("incarnation   {}", self.incarnation),
            format!("first offset  {}", grouped(self.first_offset)),
            format!("next offset   {}", grouped(self.next_offset)),
            match self.bytes {
                Some(bytes) => format!("size          {} on disk, {events}", in_bytes(bytes)),
                None => format!("size          {events}"),
            },
        ];
        if !self.events_by_type.is_empty() {
            lines.push(String::new());
            let types = self.events_by_type.iter();
            lines.extend(bars("event type", types.map(|(it, events)| (it.as_str(), *events))));
        }
        lines
    }
}
