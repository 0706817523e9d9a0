use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use crate::failure::{Context, Failure};

/// Begins to listen; returns where, too.
pub(super) async fn on(address: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::new(format!("can't listen on {address}"));
        match advice(error.kind()) {
            Some(advice) => failure.hint(advice),
            None => failure,
        }
        .because(&error)
    })?;
    let bound = listener.local_addr().context("can't tell where it listens")?;
    Ok((listener, bound))
}

fn advice(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::AddrInUse => Some(
            "another program listens there: stop it, or choose another port with --listen; port 0 \
             takes a free one",
        ),
        io::ErrorKind::AddrNotAvailable => Some(
            "no network of this machine has this address: --listen takes one that it has, or \
             0.0.0.0 for all",
        ),
        io::ErrorKind::PermissionDenied => {
            Some("ports below 1024 are not for everybody: choose another one with --listen")
        }
        _ => None,
    }
}
