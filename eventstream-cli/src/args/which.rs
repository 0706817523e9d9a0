//! Which consumers of a database are meant.

use std::path::PathBuf;

/// One, which has to be named.
#[derive(Debug, clap::Args)]
pub(crate) struct OneConsumer {
    /// The database's file
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,

    /// The consumer's name
    #[arg(long, value_name = "NAME")]
    pub(crate) consumer: String,

    /// The application whose stream it consumes: needed if it consumes several
    #[arg(long, value_name = "NAME|KEY")]
    pub(crate) application: Option<String>,
}

/// All, or those that are named.
#[derive(Debug, clap::Args)]
pub(crate) struct AnyConsumer {
    /// The database's file
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,

    /// The consumer's name [default: any]
    #[arg(long, value_name = "NAME")]
    pub(crate) consumer: Option<String>,

    /// The application whose stream it consumes [default: any]
    #[arg(long, value_name = "NAME|KEY")]
    pub(crate) application: Option<String>,
}
