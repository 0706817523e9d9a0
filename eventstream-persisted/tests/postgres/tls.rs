//! Encrypted connections, as the URL's `sslmode` says.

use std::fs;

use eventstream_persisted::PostgresStore;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::{
    server::{Server, server},
    support::{append, application, client, contains, fresh_name, ids, names, text},
};

/// A server with a certificate for `localhost`, whose authority's is in the folder that is returned.
fn encrypted(folder: &std::path::Path) -> Option<Server> {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    fs::write(folder.join("root.crt"), authority.pem()).unwrap();
    let other = CertificateParams::new(vec!["other".to_owned()]).unwrap();
    let other = other.self_signed(&KeyPair::generate().unwrap()).unwrap();
    fs::write(folder.join("other.crt"), other.pem()).unwrap();
    // The server reads them out of its own folder.
    let files = [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())];
    let hba = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n\
               hostnossl all all 127.0.0.1/32 reject\n";
    Server::start_with(
        "ssl = on\nssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'",
        Some(hba),
        &files,
    )
}

#[tokio::test]
async fn a_connection_is_encrypted_and_verified_as_far_as_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = encrypted(folder.path()) else { return };
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (root, other) = (file("root.crt"), file("other.crt"));
    let open = |host: &str, parameters: String| {
        let url = format!("postgres://admin@{host}:{}/postgres?{parameters}", server.port);
        PostgresStore::builder(url).create_for(application()).open()
    };
    for (host, parameters) in [
        ("127.0.0.1", "sslmode=prefer".to_owned()),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={root}")),
        ("localhost", format!("sslrootcert={root}&sslmode=verify-full")),
        ("localhost", format!("hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}")),
    ] {
        let store = open(host, parameters.clone()).await;
        let store = store.unwrap_or_else(|error| panic!("{parameters}: {}", text(&error)));
        let next = ids(&store, 0).await.len() as u64;
        append(&store, next..next + 2).await;
        assert_eq!(ids(&store, 0).await, names(0..next + 2), "{parameters}");
    }
    for (host, parameters, problem) in [
        ("127.0.0.1", "sslmode=disable".to_owned(), "no encryption"),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={root}"), "certificate"),
        ("localhost", format!("sslmode=verify-full&sslrootcert={other}"), "certificate"),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={other}"), "certificate"),
    ] {
        let error = open(host, parameters.clone()).await.unwrap_err();
        contains(&text(&error), &["does not let the user in", "sslmode", problem]);
        assert!(!error.is_retryable(), "{parameters}");
    }
}

#[tokio::test]
async fn a_server_without_encryption_is_used_only_if_that_is_all_right() {
    let Some(server) = server() else { return };
    let open = |mode: &str| {
        let url = format!("{}?sslmode={mode}", server.url());
        PostgresStore::builder(url).schema(fresh_name()).create_for(application()).open()
    };
    open("prefer").await.unwrap();
    open("disable").await.unwrap();
    let error = open("require").await.unwrap_err();
    contains(&text(&error), &["does not let the user in", "does not support TLS"]);
    // It was there, all the time.
    client(&server.url()).await;
}
