//! `eventstream serve`.

mod build;
mod listen;
mod logging;
mod ready;

use eventstream_network::NetworkServer;
use eventstream_persisted::AnyStore;
use tokio::net::TcpListener;

use self::ready::Ready;
use super::store::{self, Closing};
use crate::{
    args::ServeArgs,
    failure::Failure,
    interrupt::{self, Work},
    output::warn,
};

pub(super) async fn run(args: ServeArgs) -> Result<(), Failure> {
    logging::start(args.log_level);
    let interrupted = interrupt::listen(Work::Unfinished);
    let mut stores = Vec::with_capacity(args.store.len());
    let prepared = tokio::select! {
        biased;
        () = interrupted.cancelled() => return Ok(()),
        prepared = prepare(&args, &mut stores) => prepared?,
    };
    let (server, listener) = prepared;
    tracing::debug!(?server, "the server is ready");
    let notice = args.drain_notice;
    let until = async {
        interrupted.cancelled().await;
        if !notice.is_zero() {
            tracing::info!("interrupted: it goes on for {notice:?}, and then ends");
            return;
        }
        tracing::info!("interrupted: streams are ended, and calls under way are waited for");
    };
    let ended = server.serve(listener, until).await;
    for store in stores {
        // A commit under way is finished.
        Closing::of(store).close().await;
    }
    ended.map_err(|error| Failure::of(&error))
}

/// All that can fail, up to the line that says that it is ready.
async fn prepare(
    args: &ServeArgs,
    stores: &mut Vec<AnyStore>,
) -> Result<(NetworkServer, TcpListener), Failure> {
    for location in &args.store {
        store::open_all(location, stores).await?;
    }
    let server = build::server(args, stores)?;
    let (listener, address) = listen::on(&args.listen).await?;
    server.check_address(address).map_err(|error| build::refused(&error))?;
    if args.insecure_beyond_loopback && !address.ip().is_loopback() {
        warn_of_what_is_missing(args);
    }
    match Ready::new(args, address, stores).say(args.output) {
        // Who has started it may not want to know.
        Ok(()) | Err(Failure::OutputClosed) => Ok((server, listener)),
        Err(failure) => Err(failure),
    }
}

fn warn_of_what_is_missing(args: &ServeArgs) {
    if args.tls_cert.is_none() {
        warn("nothing is encrypted: whoever is on the way can read along, tokens too");
    }
    if args.tokens.is_none() && args.client_ca.is_none() {
        let may = if args.read_only { "read" } else { "read, append and truncate" };
        warn(&format!("nobody is asked who they are: everybody may {may}"));
    }
}
