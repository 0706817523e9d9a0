//! Servers of NATS, as the tests of the store have them.

#[allow(dead_code)] // The store's own tests use more of it.
#[path = "../../../eventstream-persisted/tests/jetstream/support/programs.rs"]
mod programs;
#[allow(dead_code)]
#[path = "../../../eventstream-persisted/tests/jetstream/support/raw.rs"]
mod raw;
#[allow(dead_code)]
#[path = "../../../eventstream-persisted/tests/jetstream/support/server.rs"]
mod server;

pub(crate) use programs::{Program, program};
pub(crate) use server::{Server, Settings};

use crate::elsewhere::fresh_name;

/// Where a store can be that is not there yet; `None` where there is no such `nats-server`.
pub(crate) fn location(wanted: Program) -> Option<String> {
    program(wanted)?;
    server::shared(wanted).map(location_at)
}

/// With the server's monitoring port.
pub(crate) fn location_at(server: &Server) -> String {
    format!("{}?monitoring=127.0.0.1:{}", server.url(&fresh_name()), server.monitoring)
}

/// Deletes the stream of a store, and makes it anew with another storage.
pub(crate) fn make_anew(location: &str, storage: &str) {
    let server = server::shared(Program::New).unwrap();
    let stream = location.rsplit('/').next().unwrap().split('?').next().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let raw = raw::Raw::connect(server).await;
        raw.make_anew(stream, &serde_json::json!({ "storage": storage })).await;
    });
}
