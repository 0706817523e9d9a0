use std::error::Error as _;

use eventstream_network::{NetworkClient, NetworkClientBuilder, NetworkError, Tokens};

use crate::{
    certificates::{Authority, Files, serving},
    support::Running,
};

const TOKEN: &str = "0123456789abcdef";

async fn refused(builder: NetworkClientBuilder) -> (NetworkError, String) {
    let shown = format!("{builder:?}");
    let error = builder.await.expect_err("it has to be refused");
    assert!(!error.is_retryable(), "{error:?}");
    let text = error.to_string();
    let source = error.source().and_then(|source| source.downcast_ref::<NetworkError>());
    let all = format!("{shown} {text} {source:?}");
    let boxed: eventstream_core::BoxError = error.into();
    let eventstream_core::Error::Backend { source, .. } = *boxed.downcast().unwrap() else {
        panic!("{all}")
    };
    (*source.downcast().unwrap(), all)
}

#[tokio::test]
async fn a_token_does_not_leave_the_machine_unencrypted() {
    let tokens: Tokens = format!("{TOKEN} read *").parse().unwrap();
    let server = Running::start(serving().authorizer(tokens)).await;
    let port = server.address().rsplit(':').next().unwrap();
    // It leads to this machine, but its name does not say so.
    let endpoint = format!("http://0.0.0.0:{port}");
    let (error, all) = refused(NetworkClient::connect(&endpoint).token(TOKEN)).await;
    assert!(matches!(error, NetworkError::TokenInTheClear { .. }), "{error:?}");
    assert!(!all.contains(TOKEN), "{all}");
    let client = NetworkClient::connect(&endpoint).token(TOKEN).token_over_plain_text();
    client.await.unwrap().applications().await.unwrap();
    let endpoint = format!("http://localhost:{port}");
    let client = NetworkClient::connect(&endpoint).token(TOKEN).await.unwrap();
    client.applications().await.unwrap();
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_before_anything_is_connected() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let ca = files.write("ca.pem", &authority.pem);
    let (certificate, key) = files.write_issued("client", &authority.issue("shop"));
    let (_, other_key) = files.write_issued("other", &authority.issue("shop"));
    let two = files.write("two", &format!("{TOKEN}\n{TOKEN}"));
    // Nobody is there.
    let plain = || NetworkClient::connect("http://127.0.0.1:1");
    let tls = || NetworkClient::connect("https://127.0.0.1:1");

    for builder in [plain().ca_file(&ca), plain().identity_files(&certificate, &key)] {
        let (error, _) = refused(builder).await;
        assert!(matches!(error, NetworkError::NotEncrypted { .. }), "{error:?}");
    }
    for token in ["", "two words", "sch\u{f6}n", "new\nline"] {
        let (error, _) = refused(plain().token(token)).await;
        assert!(matches!(error, NetworkError::InvalidToken), "{error:?}");
    }
    for (builder, named) in [
        (plain().token_file(&two), &two),
        (plain().token_file(files.path("missing")), &files.path("missing")),
        (tls().ca_file(files.path("missing")), &files.path("missing")),
        (tls().ca_file(&key), &key),
        (tls().ca_file(&ca).identity_files(&certificate, &other_key), &other_key),
        (tls().ca_file(&ca).identity_files(&certificate, &ca), &ca),
    ] {
        let (error, all) = refused(builder).await;
        let NetworkError::File(error) = error else { panic!("{error:?}") };
        assert!(error.to_string().contains(named.to_str().unwrap()), "{error}");
        assert!(!all.contains(TOKEN), "{all}");
    }
}
