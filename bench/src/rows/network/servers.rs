//! The servers, by the names that the rows start them by.

use std::{future::Future, net::SocketAddr};

use tokio::net::TcpListener;

use super::{bare::Bare, ours, replay::EVENTS, tcp};
use crate::{rows::runtime, server_process::answer_all};

/// Is the server of this name, for as long as it is wanted.
pub fn serve(name: &str) {
    match name {
        "tcp" => {
            let framed = tcp::framed(EVENTS);
            run(|listener| tcp::serve(listener, framed));
        }
        "bare" => {
            let bare = Bare::new(EVENTS);
            run(|listener| bare.serve(listener));
        }
        "memory" => {
            let stream = ours::memory(EVENTS);
            run(|listener| ours::serve(listener, ours::host(stream)));
        }
        "embedded" => {
            let directory = tempfile::tempdir().expect("a directory");
            let runtime = runtime();
            let store = runtime.block_on(ours::embedded(directory.path(), EVENTS));
            let types = crate::workload::all_types();
            run(|listener| ours::serve(listener, ours::host(store.stream(types))));
        }
        unknown => panic!("there is no server {unknown}"),
    }
}

fn run<F: Future<Output = ()> + Send + 'static>(serve: impl FnOnce(TcpListener) -> F) {
    let runtime = runtime();
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime.block_on(TcpListener::bind(loopback)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    runtime.spawn(serve(listener));
    answer_all(port, |question| panic!("what is {question}?"));
}
