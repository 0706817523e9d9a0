//! `eventstream demo`.

mod counts;
mod database;
mod invocation;
mod summary;
mod until;

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use eventstream_core::{
    Backoff, Consumer, Error, EventRepository, EventTypes, ExponentialBackoff, Identity, Poison,
};
use eventstream_persisted::AnyStore;
use tokio_util::sync::CancellationToken;

use self::{
    database::{BEGIN_ANEW, CONSUMER, Kept, SummaryDatabase},
    invocation::next_steps,
    summary::Summary,
    until::Until,
};
use super::{
    append::{Flow, Importer, Intake, Tally, Turn, import_all, next_batch},
    store,
};
use crate::{
    args::DemoArgs,
    failure::{Context, Failure},
    interrupt::{self, Work},
    naming,
    output::{Output, Progress, bars, grouped, plural},
};

const SAMPLE: &str = include_str!("../../../sample/git-history.ndjson");
/// The application that the sample's events are said to be of.
const APPLICATION: &str = "git-history";
/// Events that are handled, and written down, at once.
const BATCH: usize = 50;
/// A consumer goes on for ever; whoever looks at a demo doesn't.
const FAILURES: u32 = 8;

pub(super) async fn run(args: DemoArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let mut output = Output::default();
    Demo::begin(&args.dir, &interrupted)?.show(&mut output).await
}

struct Demo<'a> {
    store: PathBuf,
    copy: PathBuf,
    summary: SummaryDatabase,
    interrupted: &'a CancellationToken,
    /// Locked until the demo is over.
    _directory: File,
}

impl<'a> Demo<'a> {
    fn begin(directory: &Path, interrupted: &'a CancellationToken) -> Result<Self, Failure> {
        let shown = directory.display();
        fs::create_dir_all(directory).context(format_args!("can't make {shown}"))?;
        let locked = File::open(directory).context(format_args!("can't open {shown}"))?;
        if let Err(TryLockError::WouldBlock) = locked.try_lock() {
            return Err(Failure::new(format!("another demo is running in {shown}"))
                .hint("wait for it, or choose another --dir"));
        }
        Ok(Self {
            store: directory.join("store"),
            copy: directory.join("copy"),
            summary: SummaryDatabase::in_directory(directory),
            interrupted,
            _directory: locked,
        })
    }

    async fn show(&self, output: &mut Output) -> Result<(), Failure> {
        let Kept { summary: before, incarnation } = self.summary.load().await?;
        self.import(output).await?;
        let store = self.open().await?;
        let end = store.next_offset().await?;
        let foreign = if incarnation.is_some_and(|known| known != store.incarnation()) {
            Some("is the summary of another store than the one that is there now".to_owned())
        } else if before.next_offset > end {
            Some(format!(
                "has handled {}, but the store ends at offset {}",
                plural(before.next_offset, "event"),
                grouped(end),
            ))
        } else {
            None
        };
        drop(store);
        if let Some(problem) = foreign {
            let path = self.summary.path().display();
            return Err(Failure::new(format!("{path} {problem}: they don't belong together"))
                .hint(BEGIN_ANEW));
        }
        let mut runs = vec![before.handled()];
        if before.next_offset == end {
            say(output, "Nothing new: all of it was handled before.")?;
        } else if before.next_offset == 0 {
            say(output, "A consumer handles half of them, and stops.")?;
            runs.push(self.consume(end / 2, output).await?);
            say(output, "It starts again.")?;
            runs.push(self.consume(end, output).await?);
        } else {
            say(output, "A consumer goes on where it was stopped.")?;
            runs.push(self.consume(end, output).await?);
        }
        let summary = self.verify(&runs, output).await?;
        self.conclude(&summary, output)
    }

    async fn open(&self) -> Result<AnyStore, Failure> {
        let application = Identity::new(APPLICATION, naming::key_of(APPLICATION));
        store::open_or_create(&self.store.as_path().into(), application).await
    }

    async fn import(&self, output: &mut Output) -> Result<(), Failure> {
        let store = self.open().await?;
        let application = store.application().clone();
        let mut importer = Importer::new(store, Turn::at(&self.store)).await?;
        let intake = Intake::start(SAMPLE.as_bytes(), Flow::AtOnce, application, BATCH)?;
        let progress = Progress::new(Some(SAMPLE.len() as u64));
        let result = async {
            let first = next_batch(&intake, self.interrupted).await?;
            import_all(first, &intake, &mut importer, self.interrupted, &progress, |_| Ok(())).await
        };
        let result = result.await;
        progress.clear();
        result?;
        let Tally { appended, duplicates, .. } = importer.tally();
        let text = if appended == 0 {
            format!("The sample's {} are in the store already:", plural(duplicates, "event"))
        } else {
            format!("{} of three git histories imported into", plural(appended, "event"))
        };
        say(output, &text)?;
        detail(output, &self.store.display().to_string())
    }

    /// Runs a consumer until it has come to the offset `until`; returns how many events it has
    /// handled.
    async fn consume(&self, until: u64, output: &mut Output) -> Result<u64, Failure> {
        let store = self.open().await?;
        let first = self.summary.load().await?.summary.next_offset;
        let progress = Progress::new(Some(until));
        let stop = self.interrupted.child_token();
        let projection = self.summary.projection().await?;
        let mut counting = Until::new(projection, until, stop.clone(), progress.clone());
        let consumer =
            Consumer::new(store.stream(EventTypes::any()), EventTypes::any(), &mut counting)
                .name(CONSUMER)
                .batch(BATCH)
                // What can't be written once can't be written again.
                .poison(Poison::stop_after(1))
                .backoff(give_up_after(FAILURES, stop.clone()));
        let watching = consumer.handle();
        let ended = consumer.run(stop).await;
        progress.clear();
        let handled = counting.handled();
        // The database is closed before it is looked at.
        drop(counting);
        match ended {
            Err(Error::Poisoned { source, .. }) => {
                let path = self.summary.path().display();
                return Err(Failure::new(format!("can't write {path}")).because(source.as_ref()));
            }
            ended => ended?,
        };
        let next = self.summary.load().await?.summary.next_offset;
        if self.interrupted.is_cancelled() && next < until {
            return Err(Failure::new(format!("interrupted at offset {next}"))
                .hint("run it again, and it goes on there"));
        }
        if next < until {
            let why = watching.status().last_failure.map(|failure| failure.error);
            return Err(Failure::new(format!(
                "the consumer is still at offset {next}: {}",
                why.as_deref().unwrap_or("nothing comes"),
            )));
        }
        detail(
            output,
            &format!(
                "from offset {:>5}  {:>5} handled  stopped at {:>5}",
                grouped(first),
                grouped(handled),
                grouped(next),
            ),
        )?;
        Ok(handled)
    }

    /// Counts the store's events again, without a consumer, and compares.
    async fn verify(&self, runs: &[u64], output: &mut Output) -> Result<Summary, Failure> {
        let store = self.open().await?;
        let summary = self.summary.load().await?.summary;
        let counted = Summary::of(&store).await?;
        let handled: u64 = runs.iter().sum();
        if summary != counted || handled != summary.handled() {
            return Err(Failure::new(format!(
                "{} does not say what is in the store: it has {}, and the store {}",
                self.summary.path().display(),
                plural(summary.handled(), "event"),
                plural(counted.handled(), "event"),
            ))
            .hint(BEGIN_ANEW));
        }
        let terms: Vec<String> =
            runs.iter().filter(|handled| **handled > 0).map(|handled| grouped(*handled)).collect();
        say(
            output,
            &format!(
                "{} handled, {} in the store: nothing lost, nothing twice.",
                match &terms[..] {
                    [_, _, ..] => format!("{} = {}", terms.join(" + "), grouped(handled)),
                    _ => grouped(handled),
                },
                grouped(counted.handled()),
            ),
        )?;
        Ok(summary)
    }

    fn conclude(&self, summary: &Summary, output: &mut Output) -> Result<(), Failure> {
        for (title, counts) in
            [("Events by type", &summary.by_type), ("Events by repository", &summary.by_repository)]
        {
            output.line("")?;
            let rows = counts.iter().map(|(name, count)| (name.as_str(), *count));
            for line in bars(title, rows) {
                output.line(&line)?;
            }
        }
        output.line("")?;
        output.line("Offset and summary are kept together, in one transaction, in")?;
        output.line(&format!("  {}", self.summary.path().display()))?;
        output.line("")?;
        output.line("Worth trying next:")?;
        for line in next_steps(&self.store, self.summary.path(), &self.copy) {
            output.line(&format!("  {line}"))?;
        }
        output.flush()
    }
}

/// The usual pauses between failures, but not for ever.
fn give_up_after(most: u32, stop: CancellationToken) -> impl Backoff {
    let usual = ExponentialBackoff::new();
    move |failures| {
        if failures > most {
            stop.cancel();
        }
        usual.delay(failures)
    }
}

fn say(output: &mut Output, text: &str) -> Result<(), Failure> {
    output.line(text)?;
    output.flush()
}

fn detail(output: &mut Output, text: &str) -> Result<(), Failure> {
    say(output, &format!("  {text}"))
}
