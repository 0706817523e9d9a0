//! The command line.

mod care;
mod consumers;
mod copy;
mod doctor;
mod parked;
mod serve;
mod source;
mod variables;
mod which;

use std::{env, num::IntErrorKind, path::PathBuf, process};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};
use eventstream_core::EventType;
use eventstream_persisted::StoreLocation;

pub(crate) use care::{BackupArgs, CompactArgs, SalvageArgs, StatsArgs, TruncateArgs, VerifyArgs};
pub(crate) use consumers::{
    ConsumersArgs, ConsumersCommand, ListConsumersArgs, RemoveArgs, ResetArgs,
};
pub(crate) use copy::CopyArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use parked::{
    DropArgs, ListParkedArgs, ParkedArgs, ParkedCommand, ParkedOffsets, ReplayArgs, ShowParkedArgs,
};
pub(crate) use serve::{LogLevel, Protocol, ServeArgs};
pub(crate) use source::{Server, Source};
pub(crate) use which::{AnyConsumer, OneConsumer};

use crate::{naming::Application, output::hint};

/// Append to, read and inspect ordered streams of events.
#[derive(Debug, Parser)]
#[command(
    name = "eventstream",
    version,
    max_term_width = 80,
    after_help = "Example: a first look, with a bundled sample\n  eventstream demo\n\n\
                  Options can be given by variables, too: --store by EVENTSTREAM_STORE,\n\
                  --exit-at-end by EVENTSTREAM_EXIT_AT_END=true, and so on.\n\n\
                  Exit codes: 0 done, 1 failed, 2 wrong usage; 3 the doctor has warnings."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// What the command line and the variables say; what is wrong with it ends the program.
    pub(crate) fn read() -> Self {
        let mut command = variables::declare(Self::command());
        let matches = command.try_get_matches_from_mut(env::args_os());
        matches.and_then(|matches| Self::from_arg_matches(&matches)).unwrap_or_else(|error| {
            // Without an output there is nobody to tell.
            let _ = error.print();
            if let Some(text) = variables::hint(&command, &error) {
                hint(&text);
            }
            process::exit(error.exit_code())
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Append(AppendArgs),
    Tail(TailArgs),
    Info(InfoArgs),
    Serve(ServeArgs),
    Copy(CopyArgs),
    Doctor(DoctorArgs),
    Stats(StatsArgs),
    Verify(VerifyArgs),
    Backup(BackupArgs),
    Truncate(TruncateArgs),
    Compact(CompactArgs),
    Salvage(SalvageArgs),
    Consumers(ConsumersArgs),
    Parked(ParkedArgs),
    Demo(DemoArgs),
}

/// Append events from standard input.
///
/// They are CloudEvents 1.0 in JSON, one object a line. The store is created when its first events
/// are appended. A server's store is there.
///
/// The id alone identifies an event, whatever its source: an event whose id is stored already is a
/// duplicate, and is not stored again. So after a failure, append the same input once more.
///
/// At the end a line of JSON says what was done: "first" and "next" are the offsets between which
/// all events of the input lie.
#[derive(Debug, clap::Args)]
#[command(override_usage = "eventstream append <--store <LOCATION>|--connect <URL>> [OPTIONS]")]
#[command(after_help = "Example, in a clone of the repository:\n  \
                  eventstream append --store ./git < eventstream-cli/sample/git-history.ndjson\n  \
                  {\"first\":0,\"next\":1000,\"appended\":1000,\"duplicates\":0}\n  \
                  eventstream append --connect http://127.0.0.1:7440 < events.ndjson")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct AppendArgs {
    #[command(flatten)]
    pub(crate) source: Source,

    /// The application whose events these are [default: the store's own; "default" for a new one;
    /// the server's only one]
    ///
    /// Without a key, the key is the UUIDv5 of the name in the URL namespace. A name with a colon
    /// in it needs a key. An existing store keeps its application; naming another one is an error.
    /// Without any events, a new store is created only if its application is named.
    #[arg(long, value_name = "NAME[:KEY]")]
    pub(crate) application: Option<Application>,

    /// Append up to this many events at once
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = batch)]
    pub(crate) batch: u32,

    /// Say which offsets were given, as soon as the events are durable
    ///
    /// A line {"first":F,"next":N} stands for the next N - F events of the input, duplicates
    /// included. A batch is one line, or more if its events don't stand next to each other.
    #[arg(long)]
    pub(crate) ack: bool,
}

/// Show events, and follow what is appended.
///
/// If the connection to a server is lost, it is made again, for as long as it takes, and no event is
/// left out or shown twice.
#[derive(Debug, clap::Args)]
#[command(override_usage = "eventstream tail <--store <LOCATION>|--connect <URL>> [OPTIONS]")]
#[command(after_help = "Examples:\n  eventstream tail --store ./git --from 900\n  \
                        eventstream tail --store ./git --exit-at-end -o cloudevents\n  \
                        eventstream tail --connect http://127.0.0.1:7440 --type order.placed")]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub(crate) source: Source,

    /// The application, if the server or the database has several
    ///
    /// By its name, or, if that is not enough, with its key. Other stores have one application: naming
    /// another one is an error.
    #[arg(long, value_name = "NAME[:KEY]")]
    pub(crate) application: Option<Application>,

    /// Begin at this offset [default: the oldest]
    #[arg(long, value_name = "OFFSET", value_parser = whole_number)]
    pub(crate) from: Option<u64>,

    /// Show events of this type only; can be given more than once
    #[arg(long = "type", value_name = "T", value_parser = event_type)]
    pub(crate) types: Vec<EventType>,

    /// Show this many events, then exit
    #[arg(short = 'n', long = "count", value_name = "COUNT", value_parser = whole_number)]
    pub(crate) count: Option<u64>,

    /// Exit when what is stored now has been shown
    #[arg(long)]
    pub(crate) exit_at_end: bool,

    /// How to show an event
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: EventFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(clippy::doc_markdown)]
pub(crate) enum EventFormat {
    /// For people: offset, time (UTC), type, subject and data. On a terminal, a line shows as much
    /// of it as fits; in a pipe or a file, all of it, with control characters escaped
    Text,
    /// A JSON object: the offset, and all fields of the envelope
    Json,
    /// The event as CloudEvents has it in JSON: what `append` reads
    #[value(name = "cloudevents")]
    CloudEvents,
}

/// Show what is in a store, or what a server has.
///
/// Of a store: its application, its incarnation, the first and the next offset, the events by type,
/// and its size. Of a server: the protocols that it speaks, and its applications, or the one that is
/// named.
#[derive(Debug, clap::Args)]
#[command(override_usage = "eventstream info <--store <LOCATION>|--connect <URL>> [OPTIONS]")]
#[command(after_help = "Examples:\n  eventstream info --store ./git -o json\n  \
                        eventstream info --connect http://127.0.0.1:7440")]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    pub(crate) source: Source,

    /// The application, if the server or the database has several
    ///
    /// By its name, or, if that is not enough, with its key. Other stores have one application: naming
    /// another one is an error.
    #[arg(long, value_name = "NAME[:KEY]")]
    pub(crate) application: Option<Application>,

    /// How to show it: as text or as JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// For programs: one JSON object
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// For people
    Text,
    /// For programs: a JSON object for each, one a line
    Json,
}

/// Show a resumable consumer at work.
///
/// Its handler keeps the offset together with its effect, in one transaction of a SQLite database.
/// The demo imports 1,000 events of three git histories into a store, handles half of them, stops,
/// and starts again where it was. Stop it whenever you like, and run it again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eventstream demo --dir /tmp/demo")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct DemoArgs {
    /// Where to put the store (DIR/store) and the summary (DIR/summary.db)
    #[arg(long, value_name = "DIR", default_value = "./eventstream-demo")]
    pub(crate) dir: PathBuf,
}

/// Where a store is: never refused here, where what is refused is shown, passwords included.
fn location() -> impl TypedValueParser<Value = StoreLocation> {
    OsStringValueParser::new().map(StoreLocation::from)
}

fn event_type(name: &str) -> Result<EventType, &'static str> {
    if name.is_empty() {
        return Err("an event type has a name");
    }
    Ok(EventType::from(name))
}

fn whole_number(text: &str) -> Result<u64, &'static str> {
    text.parse::<u64>().map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => "is too large",
        _ => "has to be a whole number, written in digits only",
    })
}

fn batch(text: &str) -> Result<u32, &'static str> {
    text.parse()
        .ok()
        .filter(|number| (1..=100_000).contains(number))
        .ok_or("has to be a whole number from 1 to 100000")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        variables::declare(Args::command()).debug_assert();
    }
}
