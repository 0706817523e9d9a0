use std::{error::Error as _, sync::Arc, time::Duration};

use eventstream_network::{Limits, NetworkClient, NetworkError};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    certificates::{Authority, Files, reach, serving},
    support::Running,
};

#[tokio::test]
async fn plain_text_to_an_encrypted_port_is_refused() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let server = Running::start(serving().tls(files.tls(&authority.issue("127.0.0.1")))).await;
    let plain = format!("http://{}", server.address());
    let called = match NetworkClient::connect(&plain).await {
        Ok(client) => client.applications().await,
        Err(error) => Err(error),
    };
    let error = called.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    assert!(
        matches!(source, Some(NetworkError::Lost { .. } | NetworkError::Connect { .. })),
        "{error:?}"
    );

    for sent in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end, too.
        let _ = stream.read_to_end(&mut answer).await;
        // An alert of TLS, or nothing: in no case something that was meant to be encrypted.
        assert!(answer.is_empty() || answer[0] == 21 && answer.len() == 7, "{answer:?}");
    }
}

#[tokio::test]
async fn who_does_not_go_on_is_cut_off() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let limits = Limits::default().handshake_timeout(Duration::from_millis(100));
    let builder = serving().tls(files.tls(&authority.issue("127.0.0.1"))).limits(limits);
    let server = Running::start(builder).await;
    // Nothing, and the beginning of a record of TLS.
    for sent in [&b""[..], &[22, 3, 1, 2, 0, 1]] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let closed = timeout(Duration::from_secs(60), stream.read_to_end(&mut Vec::new())).await;
        // A reset is an end, too.
        let _ = closed.expect("the connection has to be closed");
    }
}

#[tokio::test]
async fn encrypted_text_to_a_plain_port_is_refused() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let ca = files.write("ca.pem", &authority.pem);
    let server = Running::start(serving()).await;
    let error = reach(server.address(), &ca).await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    assert!(matches!(source, Some(NetworkError::Connect { .. })), "{error:?}");
}

#[tokio::test]
async fn who_does_not_ask_for_http2_is_refused() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let server = Running::start(serving().tls(files.tls(&authority.issue("127.0.0.1")))).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    for protocols in [vec![], vec![b"http/1.1".to_vec()]] {
        let mut config = config.clone();
        config.alpn_protocols = protocols;
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let connected = connector.connect("127.0.0.1".try_into().unwrap(), stream).await;
        if let Ok(mut stream) = connected {
            // It may be closed already.
            let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            assert!(answer.is_empty(), "{answer:?}");
        }
    }
}
