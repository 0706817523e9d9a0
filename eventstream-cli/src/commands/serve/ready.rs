use std::net::SocketAddr;

use eventstream_core::Identity;
use eventstream_persisted::AnyStore;
use serde::Serialize;

use crate::{
    args::{ReportFormat, ServeArgs},
    failure::Failure,
    output::{Output, plain},
};

/// What others have to know of a server that is ready.
#[derive(Serialize)]
pub(super) struct Ready<'a> {
    url: String,
    applications: Vec<&'a Identity>,
    read_only: bool,
}

impl<'a> Ready<'a> {
    pub(super) fn new(args: &ServeArgs, address: SocketAddr, stores: &'a [AnyStore]) -> Self {
        let scheme = if args.tls_cert.is_some() { "https" } else { "http" };
        Self {
            url: format!("{scheme}://{address}"),
            applications: stores.iter().map(AnyStore::application).collect(),
            read_only: args.read_only,
        }
    }

    /// In one line, that is there at once.
    pub(super) fn say(&self, format: ReportFormat) -> Result<(), Failure> {
        let mut output = Output::default();
        match format {
            ReportFormat::Json => output.json(self)?,
            ReportFormat::Text => {
                let all: Vec<_> = self.applications.iter().map(ToString::to_string).collect();
                // The URL stands last, where scripts find it whatever the names are.
                output.line(&format!("serving {} on {}", plain(&all.join(", ")), self.url))?;
            }
        }
        output.flush()
    }
}
