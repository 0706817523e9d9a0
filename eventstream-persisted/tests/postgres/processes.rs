//! Real processes on one store: two append, two read, and the server crashes meanwhile.

use std::{
    collections::HashSet,
    env,
    process::{Child, Command, Stdio},
};

use eventstream_core::{
    Cursor, Event, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::PostgresStore;
use tokio::time::{Duration, sleep, timeout};

use crate::{
    server::Server,
    support::{LONG, builder_in, parcel_of, text},
};

/// Says that the program is a child, and what it is to do: `ROLE URL COUNT`.
const VARIABLE: &str = "EVENTSTREAM_TEST_CHILD";
const TEST: &str = "processes::two_append_and_two_read_through_crashes_of_the_server";
const BATCH: usize = 50;

/// How many events each of the two appends.
fn count() -> u64 {
    env::var("EVENTSTREAM_BUSY").map_or(4_000, |count| count.parse().unwrap())
}

/// Is killed with the test.
struct Running(Child);

impl Running {
    fn start(role: &str, url: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", TEST, "--nocapture"]);
        command.env(VARIABLE, format!("{role} {url} {}", count()));
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }

    async fn end(mut self) {
        timeout(LONG * 4, async {
            loop {
                if let Some(status) = self.0.try_wait().unwrap() {
                    assert!(status.success());
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_append_and_two_read_through_crashes_of_the_server() {
    if let Ok(task) = env::var(VARIABLE) {
        let [role, url, count] = task.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{task}");
        };
        return child(role, url, count.parse().unwrap()).await;
    }
    let Some(server) = Server::start("", None) else { return };
    let store = builder_in(&server, "eventstream").open().await.unwrap();
    let url = server.url();
    let children: Vec<_> =
        ["a", "b", "reader", "reader"].into_iter().map(|role| Running::start(role, &url)).collect();
    for part in 1..=2 {
        timeout(LONG * 2, async {
            while store.next_offset().await.is_ok_and(|next| next < count() * 2 * part / 3) {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        server.stop();
        server.start_again();
    }
    for one in children {
        one.end().await;
    }
    assert_eq!(store.next_offset().await.unwrap(), count() * 2);
}

async fn child(role: &str, url: &str, count: u64) {
    let store = PostgresStore::connect(url).await.unwrap();
    if role == "reader" {
        read(&store, count).await;
    } else {
        append(&store, role, count).await;
    }
}

async fn append(store: &PostgresStore, name: &str, count: u64) {
    for first in (0..count).step_by(BATCH) {
        let parcels: Vec<_> = (first..count.min(first + BATCH as u64))
            .map(|number| parcel_of(&format!("{name}-{number}"), &format!("type-{}", number % 7)))
            .collect();
        loop {
            match store.append(parcels.clone(), Expect::Any).await {
                Ok(range) => {
                    assert_eq!(range.end - range.start, parcels.len() as u64);
                    break;
                }
                Err(error) => assert!(error.is_retryable(), "{}", text(&error)),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Each event is there once, and each appender's in its order.
async fn read(store: &PostgresStore, count: u64) {
    let (mut next, mut seen) = (0, HashSet::new());
    let mut of_each = [0_u64; 2];
    let mut events: Vec<Event> = Vec::new();
    let stream = store.stream(EventTypes::any());
    while next < count * 2 {
        let Ok(mut cursor) = stream.open(next, EventTypes::any()).await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        while next < count * 2 {
            if let Err(error) = timeout(LONG, cursor.next_batch(&mut events, 500)).await.unwrap() {
                assert!(error.is_retryable(), "{}", text(&error));
                break;
            }
            for event in events.drain(..) {
                assert_eq!(event.offset, next);
                next += 1;
                let id = event.parcel.message_id();
                let (name, number) = id.split_once('-').unwrap();
                let of_one = &mut of_each[usize::from(name == "b")];
                assert_eq!(number.parse(), Ok(*of_one));
                *of_one += 1;
                assert!(seen.insert(id.to_owned()));
            }
        }
    }
    assert_eq!(of_each, [count; 2]);
}
