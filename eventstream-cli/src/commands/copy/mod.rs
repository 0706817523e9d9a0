//! `eventstream copy`.

mod copier;
mod place;

use eventstream_core::EventRepository;
use eventstream_persisted::AnyStore;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::{copier::Copier, place::Place};
use super::store::{self, Closing};
use crate::{
    args::{CopyArgs, ReportFormat},
    failure::Failure,
    interrupt::{self, Work},
    output::{Output, Progress, grouped, plural},
};

pub(super) async fn run(args: CopyArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let preparing = Box::pin(prepare(&args));
    let prepared = interrupt::finish(&interrupted, preparing).await.ok_or_else(given_up)?;
    let (source, target, place) = prepared?;
    let closing = Closing::of(target.clone());
    let (done, result) = copy(&args, source, target, place, &interrupted).await;
    interrupt::finish(&interrupted, closing.close()).await;
    // Said also after a failure: it is what was done before.
    let said = done.say(args.output);
    result.and(said)
}

/// Opens both stores, and finds out where to go on. The second one is created if it is not there.
async fn prepare(args: &CopyArgs) -> Result<(AnyStore, AnyStore, Place), Failure> {
    let source = store::open(&args.from, args.application.as_ref()).await?;
    let builder = AnyStore::builder(&args.to).create_for(source.application().clone());
    let builder = builder.first_offset(source.oldest_offset().await?);
    let target = builder.open().await.map_err(|error| {
        store::failure(&error).or_hint("a copy is made in a store of its own: name another place")
    })?;
    let place = Place::find(&source, &target).await?;
    Ok((source, target, place))
}

/// Copies what there is, and, if it is to be, what comes.
async fn copy(
    args: &CopyArgs,
    source: AnyStore,
    target: AnyStore,
    Place { first, next, end }: Place,
    interrupted: &CancellationToken,
) -> (Done, Result<(), Failure>) {
    let done = |next_offset| Done {
        first_offset: first,
        next_offset,
        copied: next_offset - next,
        already_there: next - first,
    };
    let progress = Progress::new(Some(end - next));
    let mut copier = Copier::new(source.clone(), target, next);
    let result = async {
        copier.copy_to(end, interrupted, &progress).await?;
        if !args.follow {
            return Ok(());
        }
        copier.be_patient();
        loop {
            let position = copier.next();
            let end = tokio::select! {
                biased;
                // That is how it ends.
                () = interrupted.cancelled() => return Ok(()),
                end = source.wait_for(position) => end,
            };
            match end {
                Ok(end) => copier.copy_to(end, interrupted, &progress).await?,
                Err(error) => copier.pause_after_looking(error, interrupted).await?,
            }
        }
    };
    let result = Box::pin(result).await;
    progress.clear();
    (done(copier.next()), result)
}

/// What was done.
#[derive(Serialize)]
struct Done {
    first_offset: u64,
    next_offset: u64,
    copied: u64,
    already_there: u64,
}

impl Done {
    fn say(&self, format: ReportFormat) -> Result<(), Failure> {
        let mut output = Output::default();
        match format {
            ReportFormat::Json => output.json(self)?,
            ReportFormat::Text => output.line(&self.text())?,
        }
        output.flush()
    }

    fn text(&self) -> String {
        let Self { first_offset, next_offset, copied, already_there } = self;
        let there = match already_there {
            0 => String::new(),
            there => format!(", {} there before", grouped(*there)),
        };
        format!(
            "{} copied{there}: the copy has offsets from {} on, and its next one is {}",
            plural(*copied, "event"),
            grouped(*first_offset),
            grouped(*next_offset),
        )
    }
}

const GO_ON: &str = "to go on, run the same again: it goes on where the copy ends";

fn given_up() -> Failure {
    Failure::new("interrupted while a store was waited for").hint(GO_ON)
}
