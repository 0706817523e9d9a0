use std::path::Path;

use eventstream_core::{Identity, Incarnation};
use eventstream_persisted::SqliteConsumer;
use serde::Serialize;

use super::standing::{Standing, Stream};
use crate::{
    args::{ListConsumersArgs, RowFormat},
    commands::{database, store},
    failure::Failure,
    output::{Column, Output, columns, grouped, plain, second, timestamp},
};

pub(super) async fn run(args: ListConsumersArgs) -> Result<(), Failure> {
    let consumers = database::open(&args.db).await?;
    // Before the end of the store, so that none that moves meanwhile is past it.
    let listed = consumers.list().await.map_err(|error| database::failure(&error))?;
    let wanted = args.application.as_ref();
    let stream = match &args.store {
        Some(location) => {
            Some(store::with(location, wanted, async |store| Stream::of(store).await).await?)
        }
        None => None,
    };
    let mut output = Output::default();
    match args.output {
        RowFormat::Json => {
            for consumer in &listed {
                output.json(&Row::new(consumer, stream.as_ref()))?;
            }
        }
        RowFormat::Text => {
            for line in text(&args.db, &listed, stream.as_ref()) {
                output.line(&line)?;
            }
        }
    }
    output.flush()
}

#[derive(Serialize)]
struct Row<'a> {
    consumer: &'a str,
    application: &'a Identity,
    kind: String,
    next_offset: u64,
    incarnation: Option<Incarnation>,
    parked: u64,
    updated_at: Option<String>,
    /// Null if no store was named, or one that keeps another application's events.
    stream: Option<Standing>,
}

impl<'a> Row<'a> {
    fn new(consumer: &'a SqliteConsumer, stream: Option<&Stream>) -> Self {
        Self {
            consumer: &consumer.name,
            application: &consumer.application,
            kind: consumer.kind.to_string(),
            next_offset: consumer.next_offset,
            incarnation: consumer.incarnation,
            parked: consumer.parked,
            updated_at: timestamp(consumer.updated_at),
            stream: stream.and_then(|stream| Standing::of(consumer, stream)),
        }
    }
}

fn text(db: &Path, listed: &[SqliteConsumer], stream: Option<&Stream>) -> Vec<String> {
    if listed.is_empty() {
        return vec![format!("no consumer has stored an offset in {} yet", db.display())];
    }
    let standings: Vec<Option<Standing>> =
        listed.iter().map(|it| Standing::of(it, stream?)).collect();
    let rows = listed.iter().zip(&standings).map(|(consumer, standing)| {
        let mut row = vec![
            consumer.name.clone(),
            application(&consumer.application, listed),
            consumer.kind.to_string(),
            grouped(consumer.next_offset),
            grouped(consumer.parked),
            second(consumer.updated_at),
        ];
        if stream.is_some() {
            row.insert(BEHIND, behind(standing.as_ref()));
        }
        row
    });
    let mut titles = vec![
        Column::Left("consumer"),
        Column::Left("application"),
        Column::Left("kind"),
        Column::Right("next"),
        Column::Right("parked"),
        Column::Left("updated (UTC)"),
    ];
    if stream.is_some() {
        titles.insert(BEHIND, Column::Right("behind"));
    }
    let mut lines = columns(&titles, rows);
    let warnings =
        listed.iter().zip(&standings).filter_map(|(it, standing)| standing.as_ref()?.warning(it));
    for warning in warnings {
        lines.push(String::new());
        lines.push(plain(&warning).into_owned());
    }
    if let Some(stream) = stream
        && standings.iter().all(Option::is_none)
    {
        lines.push(String::new());
        lines.push(format!(
            "None of them consumes the store's stream, which is that of {}.",
            plain(&stream.application.to_string()),
        ));
    }
    lines
}

/// The column that says it comes after the offset.
const BEHIND: usize = 4;

fn behind(standing: Option<&Standing>) -> String {
    match standing {
        None => "-".to_owned(),
        Some(Standing { behind: None, .. }) => "?".to_owned(),
        Some(Standing { behind: Some(behind), .. }) => grouped(*behind),
    }
}

/// The application's name, and its key if another one has the same name.
fn application(application: &Identity, listed: &[SqliteConsumer]) -> String {
    let Identity { name, key } = application;
    let is_other = |it: &SqliteConsumer| it.application.name == *name && it.application.key != *key;
    if listed.iter().any(is_other) { application.to_string() } else { name.clone() }
}
