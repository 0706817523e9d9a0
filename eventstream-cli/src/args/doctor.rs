//! The command that looks at what a store depends on.

use eventstream_persisted::StoreLocation;

use super::{ReportFormat, location};
use crate::naming::Application;

/// Look at what a store depends on.
///
/// Of a directory: its file system, the room on it, its lock. Of a PostgreSQL database: the server's
/// settings, what the user may do, transactions that keep others waiting. Of a JetStream stream: its
/// storage, its limits, its replicas, and whether the server syncs. No event is changed.
///
/// Each thing is fine, unknown, a warning or an error. The exit code is 0 if there is neither warning
/// nor error, 3 if there are warnings, and 1 if there are errors or the store can't be reached. Stores
/// with errors are not opened; warnings are logged by the programs that open them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  eventstream doctor --store ./git\n  \
                        eventstream doctor --store postgres://me@db.example/shop -o json\n  \
                        eventstream doctor \\\n    \
                        --store 'nats://127.0.0.1:4222/SHOP?monitoring=127.0.0.1:8222'")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct DoctorArgs {
    /// The store: a directory, postgres://HOST/DATABASE or nats://HOST:PORT/NAME
    #[arg(long, value_name = "LOCATION", value_parser = location())]
    pub(crate) store: StoreLocation,

    /// The application, if a database has several
    #[arg(long, value_name = "NAME[:KEY]")]
    pub(crate) application: Option<Application>,

    /// How to show it: as text or as JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}
