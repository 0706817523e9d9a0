//! The commands that look after consumers.

use std::path::PathBuf;

use clap::Subcommand;
use eventstream_persisted::StoreLocation;

use super::{OneConsumer, ReportFormat, RowFormat, location, whole_number};
use crate::naming::Application;

/// Look after consumers that keep their offset in SQLite.
///
/// They are a program's, made with the library's SqliteProjection or SqliteCheckpoints. They may be
/// running meanwhile. Without a command, they are listed.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  eventstream consumers --db ./app.db --store ./git\n  \
                  eventstream consumers reset --db ./app.db --consumer totals --to 900"
)]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct ConsumersArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ConsumersCommand>,

    #[command(flatten)]
    pub(crate) list: Option<ListConsumersArgs>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsumersCommand {
    List(ListConsumersArgs),
    Reset(ResetArgs),
    Remove(RemoveArgs),
}

/// List the consumers: where each is, and how many of its events are parked.
///
/// "next" is the offset of the next event that it handles. A projection keeps it in one transaction
/// with its effects; a checkpoint is kept for effects that are elsewhere.
///
/// With the store that they consume, it also says how many events each is behind, and whether its
/// offset is one of that store: not if the store was restored or created anew since.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  eventstream consumers list --db ./app.db --store ./git -o json"
)]
pub(crate) struct ListConsumersArgs {
    /// The database's file
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,

    /// Say how far behind this store they are: the consumers of its application
    #[arg(long, value_name = "LOCATION", value_parser = location())]
    pub(crate) store: Option<StoreLocation>,

    /// The application, if the store is a database that has several
    #[arg(long, value_name = "NAME[:KEY]", requires = "store")]
    pub(crate) application: Option<Application>,

    /// How to show them
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: RowFormat,
}

/// Put a consumer to another offset.
///
/// One that is running notices with its next event, and goes on from there; one that is not begins
/// there when it is started.
///
/// The effects stay as they are: events that come again have their effects again, and events that
/// are passed over have none. Undo the effects first, or remove the tables that they are in.
///
/// Events from the offset on that were parked come again, and are not parked any more; those before
/// it stay parked. Which store the offset was of is forgotten: it is one of the store that the
/// consumer finds next.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: begin anew\n  \
                        eventstream consumers reset --db ./app.db --consumer totals --to 0")]
pub(crate) struct ResetArgs {
    #[command(flatten)]
    pub(crate) which: OneConsumer,

    /// The offset of the next event that it is to handle
    #[arg(long, value_name = "OFFSET", value_parser = whole_number)]
    pub(crate) to: u64,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Remove a consumer: its offset, and its parked events.
///
/// The effects stay as they are. Stop the consumer first: one that is running, or is started again,
/// begins with the first event.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
                        eventstream consumers remove --db ./app.db --consumer totals")]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    pub(crate) which: OneConsumer,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}
