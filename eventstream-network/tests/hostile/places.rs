//! More connections than there may be, and than there can be.

use std::time::Duration;

use crate::{
    child::{self, Server},
    hosting,
    http2::Connection,
    row::row,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_all_connections_loses_them_again() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let test = "places::who_takes_all_connections_loses_them_again";
    let mut server = Server::start(test, "few", None);
    let address = server.address.clone();
    row(&mut server, "100 connections where 8 may be, that say nothing", async {
        let mut all = Vec::new();
        for _ in 0..100 {
            all.push(Connection::silent(&address).await);
        }
        all
    })
    .await;
    row(&mut server, "8 connections that give no sign of life, where 8 may be", async {
        let mut all = Vec::new();
        for _ in 0..8 {
            let mut connection = Connection::open(&address, &[]).await;
            connection.until(|heard| heard.settings_acknowledged == 1).await;
            all.push(connection);
        }
        all
    })
    .await;
    server.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_all_files_does_not_keep_the_processor_busy() {
    /// How many files the server may have open.
    const FILES: u32 = 64;

    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let test = "places::who_takes_all_files_does_not_keep_the_processor_busy";
    let mut server = Server::start(test, "plain", Some(FILES));
    let address = server.address.clone();
    let before = server.open_files();
    let mut all = Vec::new();
    for _ in 0..2 * FILES {
        all.push(Connection::open(&address, &[]).await);
    }
    while server.open_files() < FILES as usize {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // They are held for 6 seconds, until they have given no sign of life for so long.
    let ticks = server.ticks();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = server.ticks() - ticks;
    assert!(used < 100, "{used} of 200 clock ticks are used for nothing");
    drop(all);
    row(&mut server, "all files are taken", async {}).await;
    while server.open_files() > before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.end();
}
