//! A network that loses packets: for TCP that is retransmission, by the kernel itself.

use std::{
    env, fs, io,
    process::{Command, Stdio},
    thread,
};

use eventstream_core::EventStream;

use crate::{
    chance::{Chance, rounds},
    history::{EVENTS, serve_history},
    reading::Reading,
    remote::{PROTOCOLS, remote, soon},
    support::not_run::not_run,
};

/// Says that the program runs in the namespace.
const VARIABLE: &str = "EVENTSTREAM_TEST_NAMESPACE";

/// Makes the network of the namespace one that loses packets, and then runs the program. Packets of
/// the usual size, so that there are many; the reply in the end says that all of it worked.
const SETUP: &str = r#"
PATH=$PATH:/usr/sbin:/sbin
ip link set lo mtu 1500 up && nft -f - <<RULES && echo ready >"$EVENTSTREAM_TEST_NAMESPACE" && exec "$@"
table inet faults {
    counter lost { }
    chain input {
        type filter hook input priority 0;
        meta l4proto tcp numgen random mod 100 < $EVENTSTREAM_TEST_LOSS counter name lost drop
    }
}
RULES
"#;

/// In a network namespace of its own, which is gone with the program. `EVENTSTREAM_LOSS` is how many
/// packets of a hundred are lost.
#[tokio::test]
async fn each_event_comes_once_over_a_network_that_loses_packets() {
    if env::var_os(VARIABLE).is_some() {
        return read_all().await;
    }
    let directory = tempfile::tempdir().unwrap();
    let reply = directory.path().join("reply");
    let current = thread::current();
    let mut problems = Vec::new();
    // Root may do it at once, others in a user namespace.
    for way in ["-n", "-rn"] {
        let output = Command::new("unshare")
            .args([way, "sh", "-c", SETUP, "sh"])
            .arg(env::current_exe().unwrap())
            .args(["--exact", current.name().unwrap(), "--nocapture"])
            .env(VARIABLE, &reply)
            .env("EVENTSTREAM_TEST_LOSS", rounds("EVENTSTREAM_LOSS", 5).to_string())
            .stdin(Stdio::null())
            .output();
        let (said, success) = match output {
            Ok(output) => {
                (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.success())
            }
            Err(error) => (error.to_string(), false),
        };
        if reply.exists() {
            assert!(success, "{said}");
            println!("{} packets were lost", fs::read_to_string(&reply).unwrap());
            return;
        }
        problems.push(format!("unshare {way}: {}", said.trim()));
    }
    let problems = problems.join("; ");
    not_run(&format!("no network that loses packets can be made (unshare, ip, nft): {problems}"));
}

async fn read_all() {
    let mut chance = Chance::new();
    let server = serve_history().await;
    for protocol in PROTOCOLS {
        let remote = remote(&server.endpoint, protocol).await;
        let mut reading = Reading::all();
        let mut cursor = remote.clone().resume(soon).open(0, reading.types()).await.unwrap();
        reading.read(&mut cursor, EVENTS / 4).await.unwrap();
        let mut others = Reading::one_type();
        others.next = chance.u64(..EVENTS / 2);
        others.read_by_many(&remote, EVENTS).await;
    }
    let lost = lost().unwrap();
    assert!(lost > 0, "no packet was lost");
    fs::write(env::var_os(VARIABLE).unwrap(), lost.to_string()).unwrap();
}

/// How many packets were lost.
fn lost() -> io::Result<u64> {
    let path = format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default());
    let listed = Command::new("nft").env("PATH", path).args(["list", "counters"]).output()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut words = text.split_whitespace().skip_while(|word| *word != "packets").skip(1);
    words.next().and_then(|word| word.parse().ok()).ok_or_else(|| io::Error::other(text))
}
