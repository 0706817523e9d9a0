//! `eventstream append`.

mod clash;
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

use eventstream_core::{Error, EventStore};
use serde::Serialize;
use tokio::task;
use tokio_util::sync::CancellationToken;

pub(super) use importer::{Importer, Tally};
pub(super) use intake::{Batch, Flow, Intake};
pub(super) use turn::Turn;

use super::store::{Target, is_damage};
use crate::{
    args::AppendArgs,
    failure::Failure,
    interrupt::{self, Work},
    output::{Output, Progress, note, warn},
};

pub(super) async fn run(args: AppendArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let application = args.application.map(|application| application.0);
    let target = Target::at(&args.store, application);
    let target = interrupt::finish(&interrupted, target).await.ok_or_else(given_up)??;
    let is_typed = io::stdin().is_terminal();
    if is_typed {
        note("Reading CloudEvents from the terminal, one JSON object a line; Ctrl-D ends it.");
    }
    let batch = usize::try_from(args.batch).unwrap_or(usize::MAX);
    let size = input_size();
    let flow = if size.is_some() { Flow::AtOnce } else { Flow::WithPauses };
    let intake = Intake::start(io::stdin(), flow, target.application().clone(), batch)?;

    // What fails before there is anything to append leaves no store behind: its application would
    // be there to stay, even if nobody has named it.
    let first = next_batch(&intake, &interrupted).await;
    let store = match target {
        Target::Existing(store) => Some(store),
        Target::New(new) => match &first {
            Ok(None) if !new.is_named() => None,
            Ok(_) => {
                Some(interrupt::finish(&interrupted, new.create()).await.ok_or_else(given_up)??)
            }
            Err(_) => None,
        },
    };
    let Some(store) = store else {
        let mut output = Output::default();
        let said = output.json(&Tally::default()).and_then(|()| output.flush());
        return first.and(said);
    };

    let turn = Turn::at(&args.store);
    let mut importer = interrupt::finish(&interrupted, Importer::new(store, turn))
        .await
        .ok_or_else(given_up)??;
    let mut output = Output::default();
    // A bar would get into the way of who types.
    let progress = if is_typed { Progress::hidden() } else { Progress::new(size) };
    let result = match first {
        Ok(first) => {
            import_all(first, &intake, &mut importer, &interrupted, &progress, |ranges| {
                if args.ack { progress.aside(|| acknowledge(&mut output, ranges)) } else { Ok(()) }
            })
            .await
        }
        Err(failure) => Err(failure),
    };
    progress.clear();
    // Said also after a failure: it is what was done before.
    let said = output.json(&importer.tally()).and_then(|()| output.flush());
    // Dropping a store waits for the commit under way, which may wait for a lock.
    interrupt::finish(&interrupted, task::spawn_blocking(move || drop(importer))).await;
    match (result, said) {
        (Err(Failure::OutputClosed), _) => {
            Err(Failure::new("nobody reads the acknowledgements any more: stopped"))
        }
        (Err(failure), _) => Err(failure),
        // All is done, whether or not somebody wants to know.
        (Ok(()), said) => said,
    }
}

/// The next batch of the input, unless an interrupt comes before it.
pub(super) async fn next_batch(
    intake: &Intake,
    interrupted: &CancellationToken,
) -> Result<Option<Batch>, Failure> {
    tokio::select! {
        biased;
        () = interrupted.cancelled() => Err(Failure::new("interrupted").hint(
            "to go on, append the same input again: events already stored are not stored twice",
        )),
        batch = intake.next() => batch,
    }
}

fn not_appended(error: &Error) -> Failure {
    if is_damage(error) {
        return Failure::of(error)
            .hint("eventstream verify says what is damaged in the store, and what can be done");
    }
    Failure::of(error).or_hint(
        "what was acknowledged is stored; when the cause is gone, append the same input again: \
         events already stored are not stored twice",
    )
}

/// What was under way when an interrupt came took too long to be waited for.
fn given_up() -> Failure {
    Failure::new("interrupted while the store was waited for").hint(
        "whether the last events were stored is not known; append the same input again: events \
         already stored are not stored twice",
    )
}

/// Appends the batch, and all that comes after it. `done` is told where the events of each batch
/// are, once they are durable.
pub(super) async fn import_all<S: EventStore>(
    mut batch: Option<Batch>,
    intake: &Intake,
    importer: &mut Importer<S>,
    interrupted: &CancellationToken,
    progress: &Progress,
    mut done: impl FnMut(&[Range<u64>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut has_warned = false;
    while let Some(Batch { parcels, position }) = batch {
        // What has begun is finished, and told, unless that takes too long.
        let ranges = interrupt::finish(interrupted, importer.import(parcels))
            .await
            .ok_or_else(given_up)?
            .map_err(|error| not_appended(&error))?;
        done(&ranges)?;
        if let Some(clash) = importer.clash()
            && !has_warned
        {
            progress.aside(|| warn(&clash.to_string()));
            has_warned = true;
        }
        let Tally { appended, duplicates, .. } = importer.tally();
        progress.set(position, appended + duplicates);
        batch = next_batch(intake, interrupted).await?;
    }
    Ok(())
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
