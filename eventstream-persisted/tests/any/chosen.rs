use std::path::Path;

use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect, Identity, Report,
};
use eventstream_persisted::{AnyStore, AnyStoreBuilder, AnyStoreError, Severity, StoreLocation};

use crate::{application, parcel};

async fn refused(location: &str) -> (AnyStoreError, String) {
    let error = AnyStore::open(location).await.unwrap_err();
    let text = Report(&error).to_string();
    assert!(!error.is_retryable());
    match error {
        Error::Backend { source, .. } => {
            (source.downcast_ref::<AnyStoreError>().expect("it can't be chosen").clone(), text)
        }
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn what_nobody_knows_is_refused_without_telling_secrets() {
    let (error, text) = refused("mysql://u:secret@h/d").await;
    assert!(matches!(error, AnyStoreError::UnknownScheme { scheme } if scheme == "mysql"));
    assert!(text.contains("postgres://") && !text.contains("secret"), "{text}");
    assert!(!Path::new("mysql:").exists());
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn what_was_left_out_is_named() {
    let (error, text) = refused("postgres://u:secret@h/d").await;
    assert!(matches!(error, AnyStoreError::NotBuiltIn { .. }));
    assert!(text.contains("`postgres`") && !text.contains("secret"), "{text}");
}

#[cfg(not(feature = "jetstream"))]
#[tokio::test]
async fn what_else_was_left_out_is_named() {
    let (error, text) = refused("nats://u:secret@h/S").await;
    assert!(matches!(error, AnyStoreError::NotBuiltIn { .. }));
    assert!(text.contains("`jetstream`") && !text.contains("secret"), "{text}");
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let (error, text) = refused("postgres://u:secret@h/d?pooler=perhaps").await;
    assert!(matches!(error, AnyStoreError::InvalidOption { option, .. } if option == "pooler"));
    assert!(text.contains("perhaps") && !text.contains("secret"), "{text}");
}

#[cfg(feature = "jetstream")]
#[tokio::test]
async fn halves_of_certificates_are_refused() {
    for (url, half) in [("nats://h/S?cert=a", "cert"), ("nats://h/S?key=a", "key")] {
        let (error, _) = refused(url).await;
        assert!(matches!(error, AnyStoreError::InvalidOption { option, .. } if option == half));
    }
    let (error, text) = refused("nats://u:secret@h/S?replicas=many").await;
    assert!(matches!(error, AnyStoreError::InvalidOption { option, .. } if option == "replicas"));
    assert!(text.contains("many") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_directory_is_an_embedded_store() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::from(directory.path().join("store"));
    let builder = AnyStore::builder(&location);
    let error = builder.clone().open().await.unwrap_err();
    assert!(AnyStoreBuilder::is_missing(&error));
    assert!(!AnyStoreBuilder::is_missing(&Error::CursorClosed));
    assert_eq!(builder.applications().await.unwrap(), []);
    assert!(AnyStoreBuilder::is_missing(&builder.clone().findings().await.unwrap_err()));
    // Nothing of this has created it.
    assert!(!location.directory().unwrap().exists());

    let store = builder.clone().create_for(application()).first_offset(7).open().await.unwrap();
    assert_eq!(store.application(), &application());
    assert_eq!(store.location(), &location);
    let offsets = store.append((0..3).map(parcel).collect(), Expect::Any).await.unwrap();
    assert_eq!(offsets, 7..10);
    assert_eq!(store.oldest_offset().await.unwrap(), 7);
    assert_eq!(store.event_types().await.unwrap(), EventTypes::from_iter(["type"]));
    assert_eq!(store.append_limit(), usize::MAX);
    let embedded = store.as_embedded().unwrap();
    assert_eq!(embedded.incarnation(), store.incarnation());
    assert_eq!(EventRepository::incarnation(&store).await.unwrap(), Some(store.incarnation()));

    let stream = store.stream(EventTypes::any());
    let mut cursor = stream.open(8, EventTypes::any()).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().parcel.message_id(), "m-1");
    store.truncate(10).await.unwrap();
    assert_eq!(store.oldest_offset().await.unwrap(), 10);

    let findings = store.findings().await.unwrap();
    assert_eq!(builder.clone().findings().await.unwrap().len(), findings.len());
    assert!(findings.iter().all(|finding| finding.severity() < Severity::Error), "{findings:?}");
    assert_eq!(builder.applications().await.unwrap(), [application()]);
}

#[tokio::test]
async fn another_application_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let builder = AnyStore::builder(directory.path().join("store"));
    drop(builder.clone().create_for(application()).open().await.unwrap());
    builder.clone().application_key("app-key").open().await.unwrap();
    let error = builder.clone().application_key("other").open().await.unwrap_err();
    let text = Report(&error).to_string();
    assert!(text.contains("app (app-key)") && text.contains("other"), "{text}");
    let other = Identity::new("other", "other");
    assert!(builder.create_for(other).open().await.is_err());
}
