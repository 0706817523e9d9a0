//! The command that copies.

use eventstream_persisted::StoreLocation;

use super::{ReportFormat, location};
use crate::naming::Application;

/// Copy a stream from one store to another, of whatever engine.
///
/// Offsets, ids and every byte of the events stay as they are. What is copied is what was there when
/// it began; others may append to the first store meanwhile.
///
/// It can be interrupted, or killed, and run again: it goes on where the second store ends, if what is
/// there is the same stream. It is the same if the last and the first event that both have are the same,
/// byte by byte. Nothing is mixed: a store that has something else is left as it is.
///
/// The second store is created if it is not there, and begins where the first one does. It is a store
/// of its own: whoever keeps an offset together with the store's incarnation sees that it is another
/// one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  eventstream copy --from ./git --to postgres://me@db.example/git\n  \
                        eventstream copy --from postgres://me@db.example/git \\\n    \
                        --to 'nats://127.0.0.1:4222/GIT?replicas=3' --follow"
)]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct CopyArgs {
    /// The store that is read: a directory, postgres://HOST/DATABASE or nats://HOST:PORT/NAME
    #[arg(long, value_name = "LOCATION", value_parser = location())]
    pub(crate) from: StoreLocation,

    /// The store that is appended to
    #[arg(long, value_name = "LOCATION", value_parser = location())]
    pub(crate) to: StoreLocation,

    /// The application, if the store that is read has several
    #[arg(long, value_name = "NAME[:KEY]")]
    pub(crate) application: Option<Application>,

    /// Go on with what is appended meanwhile and later, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,

    /// How to say what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,
}
