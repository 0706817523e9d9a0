//! The commands that look after parked events.

use clap::Subcommand;

use super::{AnyConsumer, OneConsumer, ReportFormat, RowFormat, whole_number};

/// Look after events that a consumer could not handle.
///
/// A consumer that is told to parks them: in its SQLite database, after so many attempts, and goes
/// on with the others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  eventstream parked list --db ./app.db\n  \
                        eventstream parked replay --db ./app.db --consumer totals --all")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct ParkedArgs {
    #[command(subcommand)]
    pub(crate) command: ParkedCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParkedCommand {
    List(ListParkedArgs),
    Show(ShowParkedArgs),
    Replay(ReplayArgs),
    Drop(DropArgs),
}

/// List the parked events, and why they could not be handled.
///
/// Those of all consumers, or of the one named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
                        eventstream parked list --db ./app.db --consumer totals -o json")]
pub(crate) struct ListParkedArgs {
    #[command(flatten)]
    pub(crate) which: AnyConsumer,

    /// How to show them
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: RowFormat,
}

/// Show parked events whole, with their data.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eventstream parked show --db ./app.db 512")]
pub(crate) struct ShowParkedArgs {
    #[command(flatten)]
    pub(crate) which: AnyConsumer,

    /// The offsets of the events
    #[arg(value_name = "OFFSET", required = true, value_parser = whole_number)]
    pub(crate) offsets: Vec<u64>,

    /// How to show them
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: RowFormat,
}

/// Have parked events handled once more.
///
/// They are marked. The consumer, if it is one that parks events, handles them at its next
/// heartbeat, or when it is started: out of turn, while its offset stays where it is. What fails
/// again stays parked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        eventstream parked replay --db ./app.db --consumer totals 512 513\n  \
                        eventstream parked replay --db ./app.db --consumer totals --all")]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) which: OneConsumer,

    #[command(flatten)]
    pub(crate) events: ParkedOffsets,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Give up parked events.
///
/// They are forgotten, and the consumer never handles them. In the store that it consumes they stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
                        eventstream parked drop --db ./app.db --consumer totals 512")]
pub(crate) struct DropArgs {
    #[command(flatten)]
    pub(crate) which: OneConsumer,

    #[command(flatten)]
    pub(crate) events: ParkedOffsets,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Which of a consumer's parked events.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ParkedOffsets {
    /// The offsets of the events
    #[arg(value_name = "OFFSET", value_parser = whole_number)]
    pub(crate) offsets: Vec<u64>,

    /// All that are parked
    #[arg(long)]
    pub(crate) all: bool,
}
