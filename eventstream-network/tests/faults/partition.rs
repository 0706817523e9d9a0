use std::time::Duration;

use eventstream_core::EventStream;
use tokio::time::{sleep, timeout};

use crate::{
    history::{EVENTS, serve_history},
    reading::Reading,
    remote::{GENEROUS, PROTOCOLS, events_by, remote, soon},
    support::proxy::Proxy,
};

/// How long it lasts.
const CUT: Duration = Duration::from_secs(10);

/// Nothing passes in either direction for ten seconds: connections that are there, and those that
/// are tried meanwhile. Then it is as before.
#[tokio::test]
async fn a_network_that_is_cut_for_ten_seconds_loses_nothing() {
    let server = serve_history().await;
    let mut reads = Vec::new();
    for protocol in PROTOCOLS {
        let proxy = Proxy::to(server.address()).await;
        let remote = remote(&proxy.endpoint, protocol).await;
        reads.push(tokio::spawn(async move {
            let resuming = remote.clone().resume(soon);
            let (mut reading, mut others) = (Reading::all(), Reading::one_type());
            let mut cursor = resuming.open(0, reading.types()).await.unwrap();
            reading.read(&mut cursor, EVENTS / 100).await.unwrap();
            others.read_by_many(&remote, EVENTS / 100).await;
            proxy.hold();
            let end = events_by(protocol);
            let heals = async {
                sleep(CUT).await;
                proxy.heal();
            };
            let all = async {
                let (read, failures, ()) = tokio::join!(
                    reading.read(&mut cursor, end),
                    others.read_by_many(&remote, end),
                    heals,
                );
                read.unwrap();
                assert!(failures > 0, "nobody has noticed");
            };
            timeout(CUT + GENEROUS, all).await.expect("it does not go on");
        }));
    }
    for read in reads {
        read.await.unwrap();
    }
}
