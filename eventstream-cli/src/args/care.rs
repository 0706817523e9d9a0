//! The commands that look after a store.

use std::path::PathBuf;

use eventstream_persisted::StoreLocation;

use super::{ReportFormat, location, whole_number};
use crate::naming::Application;

/// Show how a store lies on the disk.
///
/// Its size by kind of file, the bytes that an event takes, its incarnation, and when its oldest and
/// its newest event were appended.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eventstream stats --store ./git")]
pub(crate) struct StatsArgs {
    /// The store's directory
    #[arg(long, value_name = "PATH", value_parser = location())]
    pub(crate) store: StoreLocation,

    /// How to show it: as text or as JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Read all of a store, and check it.
///
/// Checksums, offsets and indexes are compared with the events. What is damaged is named by its file
/// and its offsets, and then the exit code is 1. The store may be in use meanwhile; nothing in it is
/// changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eventstream verify --store ./git")]
pub(crate) struct VerifyArgs {
    /// The store's directory
    #[arg(long, value_name = "PATH", value_parser = location())]
    pub(crate) store: StoreLocation,

    /// How to show it: as text, which says what to do, or as JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Copy a store, also while it is in use.
///
/// The copy has all events that were there when the command began. It is a store of its own, with
/// an incarnation of its own, and it is there when it is complete, not before.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eventstream backup --store ./git --to ./git-backup")]
pub(crate) struct BackupArgs {
    /// The store's directory
    #[arg(long, value_name = "PATH", value_parser = location())]
    pub(crate) store: StoreLocation,

    /// The copy's directory: not there yet, or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Remove the oldest events.
///
/// Those below an offset are gone for good; the others keep their offsets, and no offset is given
/// twice. Whoever asks for events that are gone is told so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: keep the events from offset 900 on\n  \
                        eventstream truncate --store ./git --before 900")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct TruncateArgs {
    /// The store: a directory, postgres://HOST/DATABASE or nats://HOST:PORT/NAME
    #[arg(long, value_name = "LOCATION", value_parser = location())]
    pub(crate) store: StoreLocation,

    /// The application, if a database has several
    #[arg(long, value_name = "NAME[:KEY]")]
    pub(crate) application: Option<Application>,

    /// The first offset that is kept
    #[arg(long, value_name = "OFFSET", value_parser = whole_number)]
    pub(crate) before: u64,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Give back what space a store doesn't need.
///
/// Small files are merged into larger ones, and what is left of truncated events is removed. A store
/// does this by itself in the course of time; this does it now. The events don't change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eventstream compact --store ./git")]
pub(crate) struct CompactArgs {
    /// The store's directory
    #[arg(long, value_name = "PATH", value_parser = location())]
    pub(crate) store: StoreLocation,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}

/// Write out what can be read of a damaged store.
///
/// The events come as CloudEvents, one JSON object a line, as append reads them. What is damaged is
/// left out, and named on the standard error; then the exit code is 1.
///
/// In the new store of the example the events after the damage have lower offsets than before, so
/// whoever has consumed them has to begin again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: make a new store of it, for the same application\n  \
                        eventstream salvage --store ./git |\n    \
                        eventstream append --store ./git-new --application NAME:KEY")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct SalvageArgs {
    /// The store's directory
    #[arg(long, value_name = "PATH", value_parser = location())]
    pub(crate) store: StoreLocation,
}
