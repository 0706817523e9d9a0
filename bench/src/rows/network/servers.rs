//! The servers, by the names that the rows start them by.

use std::{future::Future, net::SocketAddr, path::Path};

use eventstream_core::{EventStore, EventTypes, Expect};
use eventstream_network::NetworkServer;
use eventstream_persisted::EmbeddedStore;
use tokio::{net::TcpListener, runtime::Runtime};

use super::{bare::Bare, live::append_paced, ours, replay::EVENTS, tcp};
use crate::{rows::runtime, server_process::answer_all};

/// Is the server of this name, for as long as it is wanted: one that has all events, or none.
pub fn serve(name: &str) {
    let (kind, events) = match name.strip_suffix("-empty") {
        Some(kind) => (kind, 0),
        None => (name, EVENTS),
    };
    match kind {
        "tcp" => {
            let framed = tcp::framed(events);
            run(|listener| tcp::serve(listener, framed), || async { unreachable!() });
        }
        "bare" => {
            let bare = Bare::new(events);
            let serving = bare.clone();
            run(
                |listener| serving.serve(listener),
                || append_paced(async |parcel| bare.publish(parcel.wire().clone())),
            );
        }
        "memory" => {
            let stream = ours::memory(events);
            let server = NetworkServer::builder().host(stream.clone());
            run(
                |listener| ours::serve(listener, server),
                || {
                    append_paced(async |parcel| {
                        stream.append_one(parcel).expect("append");
                    })
                },
            );
        }
        "embedded" => {
            let directory = tempfile::tempdir().expect("a directory");
            let store = embedded(directory.path(), events);
            let stream = store.stream(EventTypes::any());
            let server = NetworkServer::builder().host_with_store(stream, store.clone());
            let append = async |parcel| {
                store.append(vec![parcel], Expect::Any).await.expect("append");
            };
            run(|listener| ours::serve(listener, server), || append_paced(append));
        }
        unknown => panic!("there is no server {unknown}"),
    }
}

fn embedded(directory: &Path, events: u64) -> EmbeddedStore {
    runtime().block_on(ours::embedded(directory, events))
}

/// Serves; appends when it is asked to.
fn run<F, A>(serve: impl FnOnce(TcpListener) -> F, append: impl Fn() -> A)
where
    F: Future<Output = ()> + Send + 'static,
    A: Future<Output = String>,
{
    let runtime: Runtime = runtime();
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime.block_on(TcpListener::bind(loopback)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    runtime.spawn(serve(listener));
    answer_all(port, |question| match question {
        "append" => runtime.block_on(append()),
        unknown => panic!("what is {unknown}?"),
    });
}
