use eventstream_core::Identity;
use serde::Serialize;

use crate::{
    args::{ReportFormat, ResetArgs},
    commands::database::{self, Found},
    failure::Failure,
    output::{Output, grouped, plain},
};

#[derive(Serialize)]
struct Reset<'a> {
    consumer: &'a str,
    application: &'a Identity,
    /// Where it was, when it was looked at.
    previous_offset: u64,
    next_offset: u64,
}

pub(super) async fn run(args: ResetArgs) -> Result<(), Failure> {
    let Found { consumers, consumer, .. } = database::find(&args.which).await?;
    let (name, application) = (&consumer.name, &consumer.application);
    let reset = consumers.reset(name, &application.key, args.to).await;
    if !reset.map_err(|error| database::failure(&error))? {
        return Err(super::gone(&consumer));
    }
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&Reset {
            consumer: name,
            application,
            previous_offset: consumer.next_offset,
            next_offset: args.to,
        })?,
        ReportFormat::Text => {
            output.line(&plain(&format!(
                "{name} goes on at offset {} of {}: it was at {}; its effects stay as they are",
                grouped(args.to),
                application.name,
                grouped(consumer.next_offset),
            )))?;
            output.line(
                "One that is running notices it with its next event, or when started anew.",
            )?;
        }
    }
    output.flush()
}
