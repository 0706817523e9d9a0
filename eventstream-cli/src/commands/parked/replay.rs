use eventstream_core::Identity;
use serde::Serialize;

use super::named;
use crate::{
    args::{ReplayArgs, ReportFormat},
    commands::database,
    failure::Failure,
    output::{Output, plain, plural},
};

#[derive(Serialize)]
struct Marked<'a> {
    consumer: &'a str,
    application: &'a Identity,
    /// The offsets of the events that are marked.
    replaying: Vec<u64>,
}

pub(super) async fn run(args: ReplayArgs) -> Result<(), Failure> {
    let found = database::find(&args.which).await?;
    let offsets = named::offsets(&found, &args.events).await?;
    let (name, application) = (&found.consumer.name, &found.consumer.application);
    let replaying = found.parked.replay_all(application, offsets).await;
    let replaying = replaying.map_err(|error| database::failure(&error))?;
    let mut output = Output::default();
    match (args.output, replaying.len()) {
        (ReportFormat::Json, _) => {
            output.json(&Marked { consumer: name, application, replaying })?;
        }
        (ReportFormat::Text, 0) => output.line("nothing to replay: nothing is parked")?,
        (ReportFormat::Text, number) => {
            let events = plural(number as u64, "parked event");
            let them = if number == 1 { "it" } else { "them" };
            output.line(&plain(&format!("{events} of {name} marked, to be handled once more")))?;
            output.line(&format!(
                "A consumer that is running and parks events handles {them} at its next heartbeat,"
            ))?;
            output.line("every 5 seconds by default; one that is not, when it is started.")?;
        }
    }
    output.flush()
}
