//! The commands that look after a store.

use std::path::PathBuf;

use super::{ReportFormat, whole_number};

/// Remove the oldest events.
///
/// Those below an offset are gone for good; the others keep their offsets, and no offset is given
/// twice. Whoever asks for events that are gone is told so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: keep the events from offset 900 on\n  \
                        eventstream truncate --store ./git --before 900")]
pub(crate) struct TruncateArgs {
    /// The store's directory
    #[arg(long, value_name = "PATH")]
    pub(crate) store: PathBuf,

    /// The first offset that is kept
    #[arg(long, value_name = "OFFSET", value_parser = whole_number)]
    pub(crate) before: u64,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}
