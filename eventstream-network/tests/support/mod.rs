//! A server on a port of its own.

#![allow(dead_code)] // Each test uses a part.

pub(crate) mod authority;
pub(crate) mod not_run;
pub(crate) mod proxy;

use std::sync::Arc;

use eventstream_core::{Envelope, Identity, Parcel};
use eventstream_network::{NetworkServer, NetworkServerBuilder, ServeError};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) fn application() -> Identity {
    Identity::new("app", "app-key")
}

pub(crate) fn parcel(id: u64, event_type: &str) -> Parcel {
    let envelope = Envelope {
        data: format!("payload {id}").into(),
        ..Envelope::new(format!("m-{id}"), application(), event_type, "text/plain")
    };
    Parcel::seal(envelope).unwrap()
}

pub(crate) fn parcels(ids: impl IntoIterator<Item = u64>, event_type: &str) -> Vec<Parcel> {
    ids.into_iter().map(|id| parcel(id, event_type)).collect()
}

/// Ends at once when it is dropped.
pub(crate) struct Running {
    pub(crate) endpoint: String,
    pub(crate) shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) async fn start(builder: NetworkServerBuilder) -> Arc<Self> {
        Self::start_server(builder.build().unwrap()).await
    }

    pub(crate) async fn start_server(server: NetworkServer) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(server, listener)
    }

    pub(crate) fn start_on(server: NetworkServer, listener: TcpListener) -> Arc<Self> {
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let until = shutdown.clone().cancelled_owned();
        let task = tokio::spawn(server.serve(listener, until));
        Arc::new(Self { endpoint, shutdown, task })
    }

    /// What follows `http://`.
    pub(crate) fn address(&self) -> &str {
        self.endpoint.strip_prefix("http://").unwrap()
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
