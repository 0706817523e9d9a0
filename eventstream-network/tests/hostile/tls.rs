//! What comes to a port where everything is encrypted, and everybody has a certificate.

use std::{path::PathBuf, sync::Arc};

use eventstream_network::NetworkClient;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::{
    certificates::{Authority, Files, assert_untrusted},
    child::{self, Server},
    hosting::{self, HONEST},
    http2::{Connection, PREFACE},
    row::row,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_right_certificate_gets_nowhere() {
    if let Some(task) = child::task() {
        return hosting::serve(&task).await;
    }
    let (files, ours, foreign) = (Files::new(), Authority::new("ours"), Authority::new("foreign"));
    let ca = files.write("ca.pem", &ours.pem);
    files.write("clients.pem", &ours.pem);
    files.write_issued("server", &ours.issue("127.0.0.1"));
    let folder = ca.parent().unwrap().display().to_string();
    let test = "tls::who_has_no_right_certificate_gets_nowhere";
    let mut server = Server::start(test, &format!("tls {folder}"), None);
    let address = server.address.clone();
    let connect = |identity: Option<(PathBuf, PathBuf)>| {
        let client = NetworkClient::connect(&format!("https://{address}")).token(HONEST);
        let client = client.ca_file(&ca);
        match identity {
            None => client,
            Some((certificate, key)) => client.identity_files(certificate, key),
        }
    };
    server.client = connect(Some(files.write_issued("honest", &ours.issue("honest"))));

    for (name, issued, why) in [
        ("no certificate", None, "CertificateRequired"),
        ("an expired certificate", Some(ours.issue_expired("shop")), "CertificateExpired"),
        ("a foreign certificate", Some(foreign.issue("shop")), "UnknownCA"),
        ("a forged certificate", Some(Authority::new("ours").issue("shop")), "DecryptError"),
    ] {
        let identity = issued.map(|issued| files.write_issued("hostile", &issued));
        row(&mut server, name, async {
            let connected = connect(identity).await;
            let asked = match connected {
                Ok(client) => client.applications().await.map(drop),
                Err(error) => Err(error),
            };
            assert_untrusted(asked, why);
        })
        .await;
    }
    for (name, sent) in [
        ("plain text to the TLS port", PREFACE.to_vec()),
        ("HTTP/1.1 to the TLS port", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("random bytes to the TLS port", crate::calls::noise(100_000)),
        ("a handshake of random bytes", record(22, &crate::calls::noise(16_000))),
        ("a handshake that promises 16 MiB", record(22, &[1, 255, 255, 255])),
        ("an alert at once", record(21, &[2, 0])),
        ("data before the handshake", record(23, &[0; 1_000])),
        ("half of a record", vec![22, 3, 1, 64, 0, 1]),
    ] {
        row(&mut server, name, async {
            let mut connection = Connection::silent(&address).await;
            connection.send(&sent).await;
            connection.closed().await;
        })
        .await;
    }
    row(&mut server, "1,000 handshakes that never begin", async {
        let mut all = Vec::new();
        for _ in 0..1_000 {
            all.push(Connection::silent(&address).await);
        }
        for connection in &mut all {
            connection.closed().await;
        }
    })
    .await;
    row(&mut server, "TLS without ALPN", async {
        let mut stream = without_alpn(&address, &ours.pem).await;
        // It may be closed already.
        let _ = stream.write_all(PREFACE).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{answer:?}");
    })
    .await;
    server.end();
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3, high, low], content].concat()
}

async fn without_alpn(address: &str, ca: &str) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap()
}
