use eventstream_core::{ParkedEvent, ParkedEvents};
use eventstream_persisted::{SqliteConsumer, SqliteConsumers};

use super::event::{self, Row};
use crate::{
    args::{ListParkedArgs, RowFormat},
    commands::database,
    failure::Failure,
    output::{Output, plain, plural},
};

/// Events that are read, and written, at once.
const PAGE: usize = 100;

pub(super) async fn run(args: ListParkedArgs) -> Result<(), Failure> {
    let which = &args.which;
    let consumers = database::open(&which.db).await?;
    let (consumer, application) = (which.consumer.as_deref(), which.application.as_deref());
    let fitting = if consumer.is_none() && application.is_none() {
        // That there is none at all is no error here.
        consumers.list().await.map_err(|error| database::failure(&error))?
    } else {
        database::fitting(&consumers, &which.db, consumer, application).await?
    };
    let mut output = Output::default();
    let mut listed = false;
    for consumer in &fitting {
        listed |= list(&consumers, consumer, args.output, &mut output).await?;
    }
    if !listed && args.output == RowFormat::Text {
        output.line("nothing is parked")?;
    }
    output.flush()
}

/// Lists what a consumer has parked; returns whether that was anything.
async fn list(
    consumers: &SqliteConsumers,
    consumer: &SqliteConsumer,
    format: RowFormat,
    output: &mut Output,
) -> Result<bool, Failure> {
    let parked = consumers.parked(&*consumer.name);
    let (mut next, mut listed) = (Some(0), false);
    while let Some(from) = next {
        let page = parked.list(&consumer.application, from, PAGE).await;
        let page = page.map_err(|error| database::failure(&error))?;
        if !listed && !page.is_empty() && format == RowFormat::Text {
            let number = plural(consumer.parked.max(1), "event");
            output.line(&plain(&format!(
                "{} has {number} of {} parked:",
                consumer.name, consumer.application.name
            )))?;
        }
        next = page.last().and_then(|last| last.event.offset.checked_add(1));
        listed |= !page.is_empty();
        for parked in &page {
            write(consumer, parked, format, output)?;
        }
        output.flush()?;
    }
    Ok(listed)
}

fn write(
    consumer: &SqliteConsumer,
    parked: &ParkedEvent,
    format: RowFormat,
    output: &mut Output,
) -> Result<(), Failure> {
    match format {
        RowFormat::Json => output.json(&Row::new(consumer, parked)),
        RowFormat::Text => event::text(parked).iter().try_for_each(|line| output.line(line)),
    }
}
