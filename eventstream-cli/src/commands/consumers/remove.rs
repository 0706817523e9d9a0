use eventstream_core::Identity;
use serde::Serialize;

use crate::{
    args::{RemoveArgs, ReportFormat},
    commands::database::{self, Found},
    failure::Failure,
    output::{Output, grouped, plain, plural},
};

#[derive(Serialize)]
struct Removed<'a> {
    consumer: &'a str,
    application: &'a Identity,
    /// Where it was, and what it had parked, when it was looked at.
    previous_offset: u64,
    parked: u64,
}

pub(super) async fn run(args: RemoveArgs) -> Result<(), Failure> {
    let Found { consumers, consumer, .. } = database::find(&args.which).await?;
    let (name, application) = (&consumer.name, &consumer.application);
    let removed = consumers.remove(name, &application.key).await;
    if !removed.map_err(|error| database::failure(&error))? {
        return Err(super::gone(&consumer));
    }
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&Removed {
            consumer: name,
            application,
            previous_offset: consumer.next_offset,
            parked: consumer.parked,
        })?,
        ReportFormat::Text => output.line(&plain(&format!(
            "{name} is removed: it was at offset {} of {}, with {}; its effects stay as they are",
            grouped(consumer.next_offset),
            application.name,
            plural(consumer.parked, "parked event"),
        )))?,
    }
    output.flush()
}
