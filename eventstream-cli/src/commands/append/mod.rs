//! `eventstream append`.

#[cfg(test)]
mod fake_store;
mod importer;
mod intake;
mod lines;
mod turn;

use std::{
    fs,
    io::{self, IsTerminal},
    ops::Range,
};

use eventstream_core::EventStore;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

pub(super) use importer::{Importer, Tally};
pub(super) use intake::{Flow, Intake};
pub(super) use turn::Turn;

use super::store;
use crate::{
    args::AppendArgs,
    failure::Failure,
    interrupt::{self, Work},
    output::{Output, Progress, note},
};

pub(super) async fn run(args: AppendArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let application = args.application.map(|application| application.0);
    let store = store::open_or_create(&args.store, application).await?;
    let is_typed = io::stdin().is_terminal();
    if is_typed {
        note("Reading CloudEvents from the terminal, one JSON object a line; Ctrl-D ends it.");
    }
    let application = store.application().clone();
    let mut importer = Importer::new(store, Turn::at(&args.store)).await?;
    let batch = usize::try_from(args.batch).unwrap_or(usize::MAX);
    let size = input_size();
    let flow = if size.is_some() { Flow::AtOnce } else { Flow::WithPauses };
    let intake = Intake::start(io::stdin(), flow, application, batch)?;

    let mut output = Output::default();
    // A bar would get into the way of who types.
    let progress = if is_typed { Progress::hidden() } else { Progress::new(size) };
    let result = import_all(&intake, &mut importer, &interrupted, &progress, |ranges| {
        if args.ack { progress.aside(|| acknowledge(&mut output, ranges)) } else { Ok(()) }
    })
    .await;
    progress.clear();
    // Said also after a failure: it is what was done before.
    let said = output.json(&importer.tally()).and_then(|()| output.flush());
    match (result, said) {
        (Err(Failure::OutputClosed), _) => {
            Err(Failure::new("nobody reads the acknowledgements any more: stopped"))
        }
        (Err(failure), _) => Err(failure),
        // All is done, whether or not somebody wants to know.
        (Ok(()), said) => said,
    }
}

/// Appends all that comes in. `done` is told where the events of each batch are, once they are
/// durable.
pub(super) async fn import_all<S: EventStore>(
    intake: &Intake,
    importer: &mut Importer<S>,
    interrupted: &CancellationToken,
    progress: &Progress,
    mut done: impl FnMut(&[Range<u64>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let batch = tokio::select! {
            biased;
            () = interrupted.cancelled() => {
                return Err(Failure::new("interrupted").hint(
                    "append the same input again to go on: what is stored is not stored twice",
                ));
            }
            batch = intake.next() => batch?,
        };
        let Some(batch) = batch else {
            return Ok(());
        };
        // Not under the select: what has begun is finished, and told.
        let ranges = importer.import(batch.parcels).await?;
        done(&ranges)?;
        let Tally { appended, duplicates, .. } = importer.tally();
        progress.set(batch.position, appended + duplicates);
    }
}

fn acknowledge(output: &mut Output, ranges: &[Range<u64>]) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Ack {
        first: u64,
        next: u64,
    }

    for range in ranges {
        output.json(&Ack { first: range.start, next: range.end })?;
    }
    output.flush()
}

/// The size of the input, if it is a file.
fn input_size() -> Option<u64> {
    let input = fs::metadata("/dev/stdin").ok()?;
    input.is_file().then_some(input.len())
}
