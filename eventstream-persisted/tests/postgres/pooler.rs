//! Behind `PgBouncer` in transaction mode: each transaction may be on another connection.

use std::{
    env, fs,
    io::Write,
    process::{Child, Stdio},
};

use eventstream_core::{Cursor, EventRepository, EventStore, EventStream, EventTypes, Expect};
use eventstream_persisted::PostgresStore;
use tokio::{
    net::TcpStream,
    time::{Duration, sleep, timeout},
};

use crate::{
    server::{Server, as_nobody_special, free_port, server},
    support::{LONG, append, application, contains, fresh_name, ids, names, parcels, text},
};

pub(crate) struct Pooler {
    child: Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// `None` where it is not installed; where all tests are to be run, that is a failure.
    pub(crate) async fn start(server: &Server) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"]
            .into_iter()
            .find(|path| fs::exists(path).unwrap_or(false));
        let Some(program) = program else {
            let text = "a test did NOT run: PgBouncer is not installed; ./test installs it";
            assert!(env::var_os("EVENTSTREAM_TEST_ALL").is_none(), "{text}");
            let _ = writeln!(std::io::stderr(), "{text}");
            return None;
        };
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        // Any user is one of the server's.
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=admin\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n\
             unix_socket_dir =\npool_mode = transaction\ndefault_pool_size = 3\n",
            server.port
        );
        fs::write(folder.path().join("settings.ini"), settings).unwrap();
        let mut command = as_nobody_special(folder.path());
        // It ends with the test, however that ends.
        let until_then = "\"$0\" -q \"$1\" & it=$!; read -r line; kill $it; wait $it";
        command.args(["sh", "-c", until_then, program]).arg(folder.path().join("settings.ini"));
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pooler = Self { child, port, _folder: folder };
        timeout(LONG, async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        Some(pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn all_of_it_works_without_a_session() {
    let Some(server) = server() else { return };
    let Some(pooler) = Pooler::start(server).await else { return };
    let schema = fresh_name();
    let url = format!("postgres://admin@127.0.0.1:{}/postgres", pooler.port);
    let builder = PostgresStore::builder(url)
        .schema(&schema)
        .create_for(application())
        .poll_interval(Duration::from_millis(20))
        .lock_timeout(Duration::from_millis(500))
        .transaction_pooler();
    // More connections than the pooler has: so they are mixed.
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(builder.clone().open().await.unwrap());
    }
    let mut cursor = stores[3].stream(EventTypes::any()).open(0, EventTypes::any()).await.unwrap();
    let appending: Vec<_> = stores
        .iter()
        .enumerate()
        .map(|(n, store)| {
            let store = store.clone();
            tokio::spawn(async move {
                for turn in 0..50 {
                    let id = turn * 4 + n as u64;
                    store.append(parcels([id]), Expect::Any).await.unwrap();
                    // And again, which takes a transaction of several statements.
                    let range = store.append(parcels([id]), Expect::Any).await.unwrap();
                    assert_eq!(range.end - range.start, 1);
                }
            })
        })
        .collect();
    let mut events = Vec::new();
    while events.len() < 200 {
        timeout(LONG, cursor.next_batch(&mut events, 100)).await.unwrap().unwrap();
    }
    for one in appending {
        one.await.unwrap();
    }
    let mut seen = ids(&stores[0], 0).await;
    let followed: Vec<_> = events.iter().map(|it| it.parcel.message_id().to_owned()).collect();
    assert_eq!(seen, followed);
    seen.sort_by_key(|id| id[2..].parse::<u64>().unwrap());
    assert_eq!(seen, names(0..200));
    stores[0].truncate(150).await.unwrap();
    assert_eq!(ids(&stores[1], 150).await.len(), 50);

    // The time limit for the lock is the server's, also here.
    let mut holder = crate::support::client(&server.url()).await;
    let tx = holder.transaction().await.unwrap();
    stores[0].append_in(&tx, parcels([500]), Expect::Any).await.unwrap();
    let error = stores[1].append(parcels([501]), Expect::Any).await.unwrap_err();
    contains(&text(&error), &["another transaction has held the lock"]);
    tx.commit().await.unwrap();
    append(&stores[1], 501..502).await;
    assert_eq!(stores[2].next_offset().await.unwrap(), 202);
}
