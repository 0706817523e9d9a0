//! Servers that mean no good to our client: each thing that they say is an error that tells what is
//! wrong, or the end of a time that the client has set.

mod outcome;
mod raw_server;
mod said;
mod script;
mod table;
mod transport;

use crate::child::{self, Server};

/// How much the client and the server that it speaks to may take at most, in KiB.
const HIGHEST: u64 = 192 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_says_is_not_believed() {
    if child::task().is_some() {
        Box::pin(table::answers()).await;
        transport::connections().await;
        // Nobody connects there: it says that all is done.
        child::until_the_end(([0, 0, 0, 0], 0).into()).await;
        return;
    }
    let child = Server::start("client::what_a_server_says_is_not_believed", "client", None);
    let highest = child.highest();
    println!("the client: {} MiB at most", highest >> 10);
    assert!(highest <= HIGHEST, "{highest} KiB are taken");
    child.end();
}
