//! `eventstream tail`.

mod patient;
mod printer;
mod server;
mod store;

use eventstream_core::EventTypes;

use crate::{
    args::{Source, TailArgs},
    failure::Failure,
    interrupt::{self, Work},
    output::{note, stdout_closed},
};

/// Events that are read, and written, at once.
const BATCH: usize = 256;

pub(super) async fn run(args: TailArgs) -> Result<(), Failure> {
    let interrupted = interrupt::listen(Work::Nothing);
    let read = async {
        match &args.source {
            Source::Store(location) => store::run(&args, location).await,
            Source::Server(at) => server::run(&args, at).await,
        }
    };
    // What is read is written at once, so that nothing is lost when the reading is dropped.
    tokio::select! {
        biased;
        () = interrupted.cancelled() => Ok(()),
        () = stdout_closed() => Ok(()),
        result = read => result,
    }
}

/// Says on the standard error that there is nothing to see yet.
fn say_if_past_the_end(args: &TailArgs, next: u64) {
    if let Some(from) = args.from
        && (from > next || (from == next && args.exit_at_end))
    {
        note(&format!(
            "There is nothing at offset {from} yet: the next offset is {next}{}.",
            waiting(args),
        ));
    }
}

fn waiting(args: &TailArgs) -> &'static str {
    if args.exit_at_end { "" } else { ": waiting" }
}

fn types(args: &TailArgs) -> EventTypes {
    if args.types.is_empty() { EventTypes::any() } else { args.types.iter().cloned().collect() }
}

/// What to do if what is asked for is gone.
fn begin_with(oldest: u64) -> String {
    format!("--from {oldest} begins with the oldest")
}
