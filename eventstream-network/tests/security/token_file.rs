use std::time::Duration;

use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect, ExponentialBackoff,
};
use eventstream_network::{
    FileError, NetworkClient, NetworkError, NetworkServer, Protocol, TokenFile,
};
use eventstream_persisted::EmbeddedStore;
use tokio::time::timeout;

use crate::{
    certificates::{Files, serving},
    eventually::eventually,
    support::{Running, application, parcel},
};

const OLD: &str = "old0123456789ABC";
const NEW: &str = "new0123456789ABC";

fn code_of(error: &Error) -> Option<i32> {
    let source = std::error::Error::source(error)?.downcast_ref::<NetworkError>()?;
    match source {
        NetworkError::Refused { code, .. } => Some(*code),
        _ => None,
    }
}

#[tokio::test]
async fn a_changed_file_counts_without_a_restart_and_a_bad_one_does_not() {
    let files = Files::new();
    let path = files.write("tokens", &format!("{OLD} read *"));
    let builder = serving().authorizer(TokenFile::open(&path).unwrap());
    let server = Running::start(builder).await;
    let old = NetworkClient::connect(&server.endpoint).token(OLD).await.unwrap();
    let new = NetworkClient::connect(&server.endpoint).token(NEW).await.unwrap();
    old.applications().await.unwrap();
    let error = new.applications().await.unwrap_err();
    assert_eq!((code_of(&error), error.is_retryable()), (Some(16), false));

    // Neither taken back nor given before it can be read.
    for bad in [format!("{NEW} read *\n{OLD} nonsense *"), "# none\n".to_owned()] {
        files.write("tokens", &bad);
        let begin = std::time::Instant::now();
        while begin.elapsed() < std::time::Duration::from_millis(1_500) {
            old.applications().await.unwrap();
            assert_eq!(code_of(&new.applications().await.unwrap_err()), Some(16));
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    files.write("tokens", &format!("{NEW} read *"));
    eventually(async || new.applications().await.is_ok()).await;
    assert_eq!(code_of(&old.applications().await.unwrap_err()), Some(16));
}

#[tokio::test]
async fn a_token_that_is_taken_back_ends_what_goes_on_with_it() {
    let files = Files::new();
    let path = files.write("tokens", &format!("{OLD} read *\n{NEW} read *"));
    let store = EmbeddedStore::builder(files.path("store")).create_for(application());
    let store = store.open().await.unwrap();
    let builder = NetworkServer::builder()
        .host_with_store(store.stream(EventTypes::any()), store.clone())
        .authorizer(TokenFile::open(&path).unwrap());
    let server = Running::start(builder).await;
    let client = NetworkClient::connect(&server.endpoint).token(OLD).await.unwrap();
    let other = NetworkClient::connect(&server.endpoint).token(NEW).await.unwrap();
    let mut cursors = Vec::new();
    for protocol in [Protocol::Ours, Protocol::A, Protocol::B] {
        let types = EventTypes::from_iter(["type"]);
        let stream = client.stream(application()).protocol(protocol);
        let stream = stream.resume(ExponentialBackoff::new());
        cursors.push(stream.open(0, types).await.unwrap());
    }
    let mut kept = other.stream(application()).open(0, EventTypes::any()).await.unwrap();
    let waiting = client.store(application());
    let waiting = tokio::spawn(async move { waiting.wait_for(0).await });

    files.write("tokens", &format!("{NEW} read *"));
    for mut cursor in cursors {
        let ended = timeout(Duration::from_secs(60), cursor.next()).await;
        let error = ended.expect("it goes on").unwrap_err();
        assert_eq!((code_of(&error), error.is_retryable()), (Some(16), false), "{error:?}");
    }
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(code_of(&error), Some(16), "{error:?}");
    store.append(vec![parcel(0, "type")], Expect::Any).await.unwrap();
    assert_eq!(kept.next().await.unwrap().offset, 0);
}

#[tokio::test]
async fn a_client_sends_the_token_that_its_file_has_now() {
    let files = Files::new();
    let tokens = files.write("tokens", &format!("{OLD} read *\n{NEW} read *"));
    let mine = files.write("mine", &format!("{OLD}\n"));
    let builder = serving().authorizer(TokenFile::open(&tokens).unwrap());
    let server = Running::start(builder).await;
    let client = NetworkClient::connect(&server.endpoint).token_file(&mine).await.unwrap();
    client.applications().await.unwrap();
    files.write("tokens", &format!("{NEW} read *"));
    eventually(async || client.applications().await.is_err()).await;
    files.write("mine", NEW);
    eventually(async || client.applications().await.is_ok()).await;
}

#[tokio::test]
async fn a_file_that_can_t_be_used_is_named_with_its_line() {
    let files = Files::new();
    let path = files.write("tokens", &format!("# tokens\n{OLD} read *\n{NEW} write *\n"));
    let error = TokenFile::open(&path).unwrap_err();
    assert!(matches!(error, FileError::Line { line: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("tokens, line 3: "), "{error}");
    assert!(!error.to_string().contains(NEW), "{error}");
    let error = TokenFile::open(files.write("tokens", "# none")).unwrap_err();
    assert!(matches!(error, FileError::Invalid { .. }), "{error:?}");
    let error = TokenFile::open(files.path("missing")).unwrap_err();
    assert!(matches!(error, FileError::Read { .. }), "{error:?}");
}
