//! The command that serves.

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum;
use eventstream_persisted::StoreLocation;

use super::{ReportFormat, location, whole_number};

/// Where a server listens, if nothing else is said.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:7440";

/// Serve the events of stores over the network.
///
/// By gRPC: with our own protocol, eventstream.v1, and two of Dogma's, and with health and
/// reflection. Other programs may append to the stores meanwhile, and what they append is served,
/// too.
///
/// When it is ready, it writes one line to the standard output; its last word is the URL. What goes
/// wrong later is logged on the standard error.
///
/// An interrupt (Ctrl-C, SIGTERM) ends it: streams are told to come back, calls under way may end,
/// and the exit code is 0. A second interrupt ends it at once.
///
/// To be reached from other machines it has to listen on a network (--listen 0.0.0.0:7440), to
/// encrypt (--tls-cert, --tls-key), and to ask who they are (--tokens, --client-ca). Certificates,
/// keys and tokens are read again when their files change.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  eventstream serve --store ./git
  serving default (e72e6fba-8ed3-5cde-9ff6-36f062e1e51b) on http://...

  eventstream serve --store ./git --listen 0.0.0.0:7440 \\
    --tls-cert server.pem --tls-key server.key --tokens tokens

A file of tokens has on each line a token, what it is good for (read, append,
truncate), and the keys of the applications, or * for all:
  q7Zk2xPvN4mB8sTd  read         e72e6fba-8ed3-5cde-9ff6-36f062e1e51b
  Yc3hW9gRfJ6uLe5A  read,append  *")]
// The names of things are no code for who reads the help.
#[allow(clippy::doc_markdown)]
pub(crate) struct ServeArgs {
    /// A store: a directory, postgres://HOST/DATABASE, of which all applications are served, or
    /// nats://HOST:PORT/NAME; can be given more than once
    #[arg(long, value_name = "LOCATION", required = true, value_parser = location())]
    pub(crate) store: Vec<StoreLocation>,

    /// Where to listen; with port 0 at a free one
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_LISTEN, value_parser = address)]
    pub(crate) listen: String,

    /// Speak these protocols only [default: all]
    #[arg(long, value_name = "P", value_delimiter = ',')]
    pub(crate) protocols: Vec<Protocol>,

    /// Let nobody append or truncate
    #[arg(long)]
    pub(crate) read_only: bool,

    /// How long to go on as before after an interrupt, in seconds: health says at once that it ends, so
    /// that others are asked from then on
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub(crate) drain_notice: Duration,

    /// How long calls under way may take to end after an interrupt, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) drain_timeout: Duration,

    /// What to log on the standard error
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: LogLevel,

    /// How to say that it is ready: a line of text, or one of JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ReportFormat,

    /// The server's certificate (PEM), and those that lead to the one that clients trust
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = SECURITY)]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The private key (PEM) of --tls-cert
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = SECURITY)]
    pub(crate) tls_key: Option<PathBuf>,

    /// Take only clients with a certificate that one of these (PEM) vouches for
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = SECURITY)]
    pub(crate) client_ca: Option<PathBuf>,

    /// A file of tokens: take only calls that have one, for what it is good for
    #[arg(long, value_name = "FILE", help_heading = SECURITY)]
    pub(crate) tokens: Option<PathBuf>,

    /// Listen where others can reach it, though there is no encryption, or nobody is asked who they
    /// are
    #[arg(long, help_heading = SECURITY)]
    pub(crate) insecure_beyond_loopback: bool,

    /// How many connections there may be; more have to wait
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = count, help_heading = LIMITS)]
    pub(crate) max_connections: u32,

    /// How large an append may be; the program's own have 4 MiB, or one larger event
    #[arg(
        long, value_name = "BYTES", default_value_t = 32 << 20, value_parser = count,
        help_heading = LIMITS
    )]
    pub(crate) max_append_bytes: u32,
}

const SECURITY: &str = "Security";
const LIMITS: &str = "Limits";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// eventstream.v1.EventStream, which carries everything: what --connect needs
    Ours,
    /// dogma.interop.v1.eventstream.StreamAPI
    A,
    /// dogma.messaging.v1.EventStream
    B,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Nothing
    Off,
    /// What needs somebody
    Error,
    /// What went wrong
    Warn,
    /// What has changed
    Info,
    /// What goes on, connection by connection
    Debug,
}

fn address(text: &str) -> Result<String, &'static str> {
    let wrong = "has to be HOST:PORT, such as 127.0.0.1:7440, localhost:0 or [::]:7440";
    let (host, port) = text.rsplit_once(':').ok_or(wrong)?;
    let is_bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    if host.is_empty() || is_bare_v6 || port.parse::<u16>().is_err() {
        return Err(wrong);
    }
    Ok(text.to_owned())
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = whole_number(text)?;
    if seconds > 24 * 3600 { Err("is longer than a day") } else { Ok(Duration::from_secs(seconds)) }
}

fn count(text: &str) -> Result<u32, &'static str> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or("has to be a whole number, at least 1 and below 4294967296")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        for good in [DEFAULT_LISTEN, "localhost:0", "[::1]:7440", "0.0.0.0:1"] {
            assert_eq!(address(good).as_deref(), Ok(good));
        }
        for wrong in ["", "7440", ":7440", "::1:7440", "127.0.0.1", "host:x", "host:70000"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
