//! Databases of tests, on a server that the tests of the store have, too.

#[allow(dead_code)] // The store's own tests use more of it.
#[path = "../../../eventstream-persisted/tests/postgres/server.rs"]
mod server;

pub(crate) use server::{Server, server};

use tokio_postgres::NoTls;

use crate::elsewhere::fresh_name;

/// Where a store can be that is not there yet; `None` where PostgreSQL is not installed.
pub(crate) fn location() -> Option<String> {
    server().map(location_at)
}

pub(crate) fn location_at(server: &Server) -> String {
    format!("{}?schema={}", server.url(), fresh_name())
}

/// What an administrator does.
pub(crate) fn execute(server: &Server, statements: &[String]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await.unwrap();
        }
    });
}
