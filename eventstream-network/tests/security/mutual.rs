use std::{path::PathBuf, sync::Arc};

use eventstream_core::Result;
use eventstream_network::{Access, Authorizer, Denied, NetworkClient, PeerCertificate};
use tokio::sync::mpsc;

use crate::{
    certificates::{Authority, Files, assert_untrusted, reach, serving},
    eventually::eventually,
    support::Running,
};

/// Lets everybody do everything, and says who it was.
struct Witness(mpsc::UnboundedSender<Option<PeerCertificate>>);

impl Authorizer for Witness {
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied> {
        self.0.send(access.peer().certificate.clone()).map_err(|_| Denied::Unknown)
    }
}

struct Mutual {
    files: Files,
    ours: Authority,
    server: Arc<Running>,
    seen: mpsc::UnboundedReceiver<Option<PeerCertificate>>,
}

impl Mutual {
    async fn start() -> Self {
        let (files, ours) = (Files::new(), Authority::new("ours"));
        let ca = files.write("ca.pem", &ours.pem);
        let tls = files.tls(&ours.issue("127.0.0.1"));
        let clients = files.write("clients.pem", &ours.pem);
        assert_ne!(ca, clients);
        let (witness, seen) = mpsc::unbounded_channel();
        let builder = serving().tls(tls.client_ca(clients)).authorizer(Witness(witness));
        Self { server: Running::start(builder).await, files, ours, seen }
    }

    async fn reach_as(&self, (certificate, key): (PathBuf, PathBuf)) -> Result<()> {
        let endpoint = format!("https://{}", self.server.address());
        let client = NetworkClient::connect(&endpoint)
            .ca_file(self.files.path("ca.pem"))
            .identity_files(certificate, key)
            .await?;
        client.applications().await.map(drop)
    }
}

#[tokio::test]
async fn only_a_client_that_can_be_trusted_is_taken() {
    let mutual = Mutual::start().await;
    let (files, ours) = (&mutual.files, &mutual.ours);
    let foreign = Authority::new("another");
    mutual.reach_as(files.write_issued("client", &ours.issue("shop"))).await.unwrap();
    for (issued, why) in [
        (ours.issue_expired("shop"), "CertificateExpired"),
        (foreign.issue("shop"), "UnknownCA"),
        (Authority::new("ours").issue("shop"), "DecryptError"),
    ] {
        assert_untrusted(mutual.reach_as(files.write_issued("client", &issued)).await, why);
    }
    let without = reach(mutual.server.address(), &files.path("ca.pem")).await;
    assert_untrusted(without, "CertificateRequired");
}

#[tokio::test]
async fn the_authorizer_is_told_who_it_is() {
    let mut mutual = Mutual::start().await;
    let issued = mutual.ours.issue("shop.example.org");
    mutual.reach_as(mutual.files.write_issued("client", &issued)).await.unwrap();
    let found = mutual.seen.recv().await.unwrap().expect("a certificate");
    assert_eq!(found.common_name(), Some("the one of shop.example.org"));
    assert_eq!(found.dns_names(), ["shop.example.org"]);
    assert_eq!(found.fingerprint().len(), 64);
    let pem = rustls::pki_types::pem::PemObject::from_pem_slice(issued.certificate.as_bytes());
    let der: rustls::pki_types::CertificateDer<'_> = pem.unwrap();
    assert_eq!(found.der(), &*der);
}

#[tokio::test]
async fn whose_clients_are_taken_can_change() {
    let mutual = Mutual::start().await;
    let new = Authority::new("new");
    let old_files = mutual.files.write_issued("old", &mutual.ours.issue("shop"));
    let new_files = mutual.files.write_issued("new", &new.issue("shop"));
    mutual.reach_as(old_files.clone()).await.unwrap();
    mutual.files.write("clients.pem", &new.pem);
    eventually(async || mutual.reach_as(new_files.clone()).await.is_ok()).await;
    assert_untrusted(mutual.reach_as(old_files).await, "UnknownCA");
}
