use eventstream_core::Identity;
use serde::Serialize;

use super::named;
use crate::{
    args::{DropArgs, ReportFormat},
    commands::database,
    failure::Failure,
    output::{Output, plain, plural},
};

#[derive(Serialize)]
struct GivenUp<'a> {
    consumer: &'a str,
    application: &'a Identity,
    /// The offsets of the events that were dropped.
    dropped: Vec<u64>,
}

pub(super) async fn run(args: DropArgs) -> Result<(), Failure> {
    let found = database::find(&args.which).await?;
    let offsets = named::offsets(&found, &args.events).await?;
    let (name, application) = (&found.consumer.name, &found.consumer.application);
    let dropped = found.parked.drop_all(application, offsets).await;
    let dropped = dropped.map_err(|error| database::failure(&error))?;
    let mut output = Output::default();
    match (args.output, dropped.len()) {
        (ReportFormat::Json, _) => {
            output.json(&GivenUp { consumer: name, application, dropped })?;
        }
        (ReportFormat::Text, 0) => output.line("nothing to drop: nothing is parked")?,
        (ReportFormat::Text, number) => {
            let events = plural(number as u64, "parked event");
            output.line(&plain(&format!("{events} of {name} dropped: it never handles them")))?;
        }
    }
    output.flush()
}
