//! Where events are: in a store, or at a server.

use std::path::PathBuf;

use clap::{ArgMatches, Command, FromArgMatches, error::ErrorKind, parser::ValueSource};
use eventstream_persisted::StoreLocation;

use super::location;

/// Where events are read or appended.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Store(StoreLocation),
    Server(Server),
}

/// A server, and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) ca: Option<PathBuf>,
    /// A certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) token_over_plain_text: bool,
}

/// As it is said on the command line.
#[derive(Debug, clap::Args)]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
struct SourceArgs {
    /// The store: a directory, postgres://HOST/DATABASE or nats://HOST:PORT/NAME
    #[arg(long, value_name = "LOCATION", value_parser = location())]
    store: Option<StoreLocation>,

    /// A server in place of a store: http://HOST:PORT or https://HOST:PORT
    #[arg(long, value_name = "URL", help_heading = SERVER)]
    connect: Option<String>,

    /// Who vouches for the server: certificates (PEM) [default: whom the system trusts]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    ca: Option<PathBuf>,

    /// The certificate (PEM) by which the server knows who connects
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    cert: Option<PathBuf>,

    /// The private key (PEM) of --cert
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    key: Option<PathBuf>,

    /// A file with the token that the server knows, and nothing else
    ///
    /// It is read again when it changes. Without it, the token is that of the variable
    /// EVENTSTREAM_TOKEN, if there is one.
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    token_file: Option<PathBuf>,

    /// Send the token by http:// to other machines, though it can be read along
    #[arg(long, help_heading = SERVER)]
    token_over_plain_text: bool,
}

const SERVER: &str = "Server";

/// What is said of a server only.
const OF_SERVERS: [(&str, &str); 5] = [
    ("ca", "--ca"),
    ("cert", "--cert"),
    ("key", "--key"),
    ("token_file", "--token-file"),
    ("token_over_plain_text", "--token-over-plain-text"),
];

impl clap::Args for Source {
    fn augment_args(command: Command) -> Command {
        SourceArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        SourceArgs::augment_args_for_update(command)
    }
}

impl FromArgMatches for Source {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let SourceArgs { store, connect, ca, cert, key, token_file, token_over_plain_text } =
            SourceArgs::from_arg_matches(matches)?;
        let is_written = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        // What is written counts more than what a variable says.
        let url = match (store, connect) {
            (None, None) => {
                return Err(wrong(
                    ErrorKind::MissingRequiredArgument,
                    "it is not said where the events are: give --store LOCATION or --connect URL",
                ));
            }
            (Some(_), Some(_)) if is_written("store") && is_written("connect") => {
                return Err(wrong(
                    ErrorKind::ArgumentConflict,
                    "--store and --connect exclude each other: give one of them",
                ));
            }
            (Some(_), Some(_)) if !is_written("store") && !is_written("connect") => {
                return Err(wrong(
                    ErrorKind::ArgumentConflict,
                    "the variables EVENTSTREAM_STORE and EVENTSTREAM_CONNECT are both set: say \
                     which counts by --store or --connect",
                ));
            }
            (Some(store), connect) if connect.is_none() || is_written("store") => {
                if let Some((_, option)) = OF_SERVERS.iter().find(|(id, _)| is_written(id)) {
                    let text = format!("{option} is about a server: it goes with --connect URL");
                    return Err(wrong(ErrorKind::ArgumentConflict, &text));
                }
                return Ok(Self::Store(store));
            }
            (_, connect) => connect.unwrap_or_default(),
        };
        let identity = match (cert, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(incomplete("--cert", "--key")),
            (None, Some(_)) => return Err(incomplete("--key", "--cert")),
        };
        Ok(Self::Server(Server { url, ca, identity, token_file, token_over_plain_text }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn incomplete(given: &str, missing: &str) -> clap::Error {
    let text = format!("{given} is of no use without {missing}: give both, or none");
    wrong(ErrorKind::MissingRequiredArgument, &text)
}

fn wrong(kind: ErrorKind, text: &str) -> clap::Error {
    clap::Error::raw(kind, format!("{text}\n\nFor more information, try '--help'.\n"))
}
