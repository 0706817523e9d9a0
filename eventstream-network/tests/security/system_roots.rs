//! Whom the system trusts. As that is asked of the environment, each case is a process of its own: this
//! program, which runs one test.

use std::{env, process::Stdio};

use eventstream_network::NetworkClient;
use tokio::process::Command;

use crate::{
    certificates::{Authority, Files, serving},
    support::Running,
};

/// Where the child is to connect to.
const ENDPOINT: &str = "EVENTSTREAM_TEST_ENDPOINT";

/// In the child: says how it went.
#[tokio::test]
async fn child() {
    let Ok(endpoint) = env::var(ENDPOINT) else { return };
    match NetworkClient::connect(&endpoint).await {
        Ok(client) => println!("applications: {}", client.applications().await.unwrap().len()),
        Err(error) => println!("refused: {:?}", eventstream_core::Report(&error).to_string()),
    }
}

async fn told(endpoint: &str, trusted: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "system_roots::child", "--nocapture"])
        .env(ENDPOINT, endpoint)
        .env("SSL_CERT_FILE", trusted)
        .env_remove("SSL_CERT_DIR")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = output.await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn without_a_file_those_count_that_the_system_trusts() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let builder = serving().tls(files.tls(&authority.issue("127.0.0.1")));
    let server = Running::start(builder).await;
    let endpoint = format!("https://{}", server.address());
    let trusted = |name: &str, pem: &str| files.write(name, pem).display().to_string();

    let text = told(&endpoint, &trusted("ours.pem", &authority.pem)).await;
    assert!(text.contains("applications: 1"), "{text}");
    let text = told(&endpoint, &trusted("other.pem", &Authority::new("other").pem)).await;
    assert!(text.contains("no secure connection"), "{text}");
    let text = told(&endpoint, &trusted("none.pem", "")).await;
    assert!(text.contains("nobody is trusted") && text.contains("ca_file"), "{text}");
}
