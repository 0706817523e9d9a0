use std::time::Duration;

use eventstream_network::{NetworkServer, NetworkServerBuilder};
use tokio::time::timeout;

use crate::{
    applications::Applications,
    interpreter::{interpreter, program},
    support::Running,
};

/// For all of the program; each of its calls has a deadline of its own.
const DEADLINE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_client_finds_every_rule_kept() {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let applications = Applications::new(directory.path()).await;
    let events = directory.path().join("events");
    std::fs::write(&events, &applications.events).unwrap();
    let hosted = applications.hosted.into_iter();
    let builder = hosted.fold(NetworkServer::builder(), NetworkServerBuilder::application);
    let server = Running::start(builder).await;

    let mut client = program(&interpreter, "client.py", directory.path());
    client.arg("--address").arg(server.address()).arg("--events").arg(&events);
    let output = timeout(DEADLINE, client.output()).await;
    let output = output.expect("the program has not ended in time").unwrap();
    let (stdout, stderr) = (output.stdout.as_slice(), output.stderr.as_slice());
    let [stdout, stderr] = [stdout, stderr].map(String::from_utf8_lossy);
    println!("{stdout}\n{stderr}");
    assert!(output.status.success(), "the client in Python has failed: {}", output.status);
    // It may have ended well without having done anything.
    let proved = stdout.lines().filter(|line| line.starts_with("proved ")).count();
    assert!(proved >= 40, "only {proved} rules were proved");
}
