use std::time::{Duration, Instant};

use eventstream_network::{NetworkClient, ServeError, Tls};
use tokio::net::TcpListener;

use crate::{
    certificates::{Authority, Files, Issued, assert_untrusted, reach, serving},
    eventually::eventually,
    support::Running,
};

#[tokio::test]
async fn only_a_server_that_can_be_trusted_is_spoken_to() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let ca = files.write("ca.pem", &authority.pem);
    let foreign = Authority::new("ours");
    let table = [
        (authority.issue("127.0.0.1"), None),
        (authority.issue_expired("127.0.0.1"), Some("Expired")),
        (foreign.issue("127.0.0.1"), Some("BadSignature")),
        (Authority::new("another").issue("127.0.0.1"), Some("UnknownIssuer")),
        (authority.issue("127.0.0.2"), Some("NotValidForName")),
        (authority.issue("localhost"), Some("NotValidForName")),
    ];
    for (issued, why) in table {
        let server = Running::start(serving().tls(files.tls(&issued))).await;
        let reached = reach(server.address(), &ca).await;
        match why {
            None => reached.unwrap(),
            Some(why) => assert_untrusted(reached, why),
        }
    }
}

#[tokio::test]
async fn a_new_certificate_counts_without_a_restart_and_half_a_one_does_not() {
    let (files, old, new) = (Files::new(), Authority::new("old"), Authority::new("new"));
    let (old_ca, new_ca) = (files.write("old.pem", &old.pem), files.write("new.pem", &new.pem));
    let server = Running::start(serving().tls(files.tls(&old.issue("127.0.0.1")))).await;
    let address = server.address();
    reach(address, &old_ca).await.unwrap();
    assert_untrusted(reach(address, &new_ca).await, "UnknownIssuer");

    let issued = new.issue("127.0.0.1");
    files.write("server.pem", &issued.certificate);
    // For longer than it takes to look at the files.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1_500) {
        reach(address, &old_ca).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    files.write("server.key", &issued.key);
    eventually(async || reach(address, &new_ca).await.is_ok()).await;
    assert_untrusted(reach(address, &old_ca).await, "UnknownIssuer");

    // Nor does none at all.
    std::fs::remove_file(files.path("server.key")).unwrap();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1_500) {
        reach(address, &new_ca).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_client_that_connects_again_trusts_those_whom_its_file_has_now() {
    let (files, old, new) = (Files::new(), Authority::new("old"), Authority::new("new"));
    let ca = files.write("ca.pem", &old.pem);
    let server = Running::start(serving().tls(files.tls(&old.issue("127.0.0.1")))).await;
    let endpoint = format!("https://{}", server.address());
    let client = NetworkClient::connect(&endpoint).ca_file(ca).await.unwrap();
    client.applications().await.unwrap();

    server.shutdown.cancel();
    eventually(async || server.is_finished()).await;
    let listener = TcpListener::bind(server.address()).await.unwrap();
    let tls = files.tls(&new.issue("127.0.0.1"));
    let _server = Running::start_on(serving().tls(tls).build().unwrap(), listener);
    let refused = async || client.applications().await.is_err_and(|error| !error.is_retryable());
    eventually(refused).await;
    files.write("ca.pem", &new.pem);
    eventually(async || client.applications().await.is_ok()).await;
}

#[tokio::test]
async fn files_that_can_t_be_used_are_named() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let Issued { certificate, key } = authority.issue("127.0.0.1");
    let certificate = files.write("good.pem", &certificate);
    let key = files.write("good.key", &key);
    let other_key = files.write("other.key", &authority.issue("127.0.0.1").key);
    let empty = files.write("empty.pem", "");
    let cut = files.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB");
    let missing = files.path("missing.pem");
    let of = Tls::from_files;
    for (tls, named) in [
        (of(&missing, &key), &missing),
        (of(&certificate, &missing), &missing),
        (of(&empty, &key), &empty),
        (of(&cut, &key), &cut),
        (of(&certificate, &empty), &empty),
        (of(&certificate, &other_key), &other_key),
        (of(&certificate, &key).client_ca(&missing), &missing),
        (of(&certificate, &key).client_ca(&empty), &empty),
    ] {
        let Err(ServeError::Tls(error)) = serving().tls(tls).build() else {
            panic!("{} was taken", named.display());
        };
        assert!(error.to_string().contains(named.to_str().unwrap()), "{error}");
    }
    assert!(serving().tls(of(&certificate, &key)).build().is_ok());
}
