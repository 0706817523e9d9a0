//! `eventstream append`.

mod clash;
#[cfg(test)]
mod fake_store;
mod importer;
mod intake;
mod lines;
mod perseverance;
mod turn;

use std::{
    fs,
    future::Future,
    io::{self, IsTerminal},
    ops::Range,
};

use eventstream_core::{Error, EventStore, Identity};
use eventstream_persisted::StoreLocation;
use serde::Serialize;
use tokio::task;
use tokio_util::sync::CancellationToken;

pub(super) use importer::{Importer, Tally};
pub(super) use intake::{Batch, Flow, Intake};
pub(super) use perseverance::Perseverance;
pub(super) use turn::Turn;

use super::{
    remote::Remote,
    store::{Target, is_damage},
};
use crate::{
    args::{AppendArgs, Server, Source},
    failure::Failure,
    interrupt::{self, Work},
    output::{Output, Progress, note, warn},
};

pub(super) async fn run(args: AppendArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let run = Run { args, interrupted, size: input_size() };
    match run.args.source.clone() {
        Source::Store(location) => Box::pin(run.to_store(&location)).await,
        Source::Server(server) => Box::pin(run.to_server(&server)).await,
    }
}

struct Run {
    args: AppendArgs,
    interrupted: CancellationToken,
    /// The size of the input, if it is known.
    size: Option<u64>,
}

impl Run {
    async fn to_store(&self, location: &StoreLocation) -> Result<(), Failure> {
        let application = self.args.application.clone();
        let target = Box::pin(self.finish(Target::at(location, application))).await??;
        let intake = self.intake(target.application())?;

        // What fails before there is anything to append leaves no store behind: its application
        // would be there to stay, even if nobody has named it.
        let first = next_batch(&intake, &self.interrupted).await;
        let store = match target {
            Target::Existing(store) => Some(store),
            Target::New(new) => match &first {
                Ok(None) if !new.is_named() => None,
                Ok(_) => Some(self.finish(new.create()).await??),
                Err(_) => None,
            },
        };
        let Some(store) = store else {
            let mut output = Output::default();
            let said = output.json(&Tally::default()).and_then(|()| output.flush());
            return first.and(said);
        };
        let turn = location.directory().map_or_else(Turn::default, Turn::at);
        let (most, perseverance) = (store.append_limit(), Perseverance::STORE);
        Box::pin(self.append(store, turn, perseverance, most, first, &intake)).await
    }

    async fn to_server(&self, server: &Server) -> Result<(), Failure> {
        let remote = Box::pin(Remote::open(server, self.args.application.as_ref()));
        let remote = self.finish(remote).await??;
        if remote.info.is_none_or(|info| !info.has_store) {
            let application = remote.application;
            return Err(Failure::new(format!("{} takes no events of {application}", server.url))
                .hint(
                    "it lets read only (--read-only), or does not speak our own protocol: append where \
                     its store is, or have it serve otherwise",
                ));
        }
        let intake = self.intake(&remote.application)?;
        let first = next_batch(&intake, &self.interrupted).await;
        let store = remote.client.store(remote.application).streaming();
        let (turn, perseverance) = (Turn::default(), Perseverance::SERVER);
        Box::pin(self.append(store, turn, perseverance, usize::MAX, first, &intake)).await
    }

    fn intake(&self, application: &Identity) -> Result<Intake, Failure> {
        if io::stdin().is_terminal() {
            note("Reading CloudEvents from the terminal, one JSON object a line; Ctrl-D ends it.");
        }
        let batch = usize::try_from(self.args.batch).unwrap_or(usize::MAX);
        let flow = if self.size.is_some() { Flow::AtOnce } else { Flow::WithPauses };
        Intake::start(io::stdin(), flow, application.clone(), batch)
    }

    /// Appends the input from its first batch on, and says what was done.
    async fn append<S: EventStore>(
        &self,
        store: S,
        turn: Turn,
        perseverance: Perseverance,
        most: usize,
        first: Result<Option<Batch>, Failure>,
        intake: &Intake,
    ) -> Result<(), Failure> {
        let importer = self.finish(Importer::new(store, turn)).await?;
        let importer = importer.map_err(|error| not_appended(&error))?;
        let mut importer = importer.perseverance(perseverance).most(most);
        let mut output = Output::default();
        // A bar would get into the way of who types.
        let is_typed = io::stdin().is_terminal();
        let progress = if is_typed { Progress::hidden() } else { Progress::new(self.size) };
        let result = match first {
            Ok(first) => {
                let acks = self.args.ack;
                import_all(first, intake, &mut importer, &self.interrupted, &progress, |ranges| {
                    if acks { progress.aside(|| acknowledge(&mut output, ranges)) } else { Ok(()) }
                })
                .await
            }
            Err(failure) => Err(failure),
        };
        progress.clear();
        // Said also after a failure: it is what was done before.
        let said = output.json(&importer.tally()).and_then(|()| output.flush());
        // Dropping a store waits for the commit under way, which may wait for a lock.
        interrupt::finish(&self.interrupted, task::spawn_blocking(move || drop(importer))).await;
        match (result, said) {
            (Err(Failure::OutputClosed), _) => {
                Err(Failure::new("nobody reads the acknowledgements any more: stopped"))
            }
            (Err(failure), _) => Err(failure),
            // All is done, whether or not somebody wants to know.
            (Ok(()), said) => said,
        }
    }

    /// Finishes what may be under way when an interrupt comes, unless that takes too long.
    async fn finish<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        interrupt::finish(&self.interrupted, work).await.ok_or_else(given_up)
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
    Failure::from(error).or_hint(
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
