use std::fs;

use eventstream_core::{Error, EventRepository, EventStore, Expect, Identity};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreError};

use crate::support::{application, create, parcels, text};

async fn refused(path: &std::path::Path) -> (EmbeddedStoreError, String) {
    refusal(EmbeddedStore::open(path).await)
}

fn refusal(result: eventstream_core::Result<EmbeddedStore>) -> (EmbeddedStoreError, String) {
    let error = result.unwrap_err();
    let text = text(&error);
    let Error::Backend { source, operation: "open", .. } = error else { panic!("{error:?}") };
    (source.downcast_ref::<EmbeddedStoreError>().unwrap().clone(), text)
}

#[tokio::test]
async fn a_store_that_is_not_there_is_not_made_by_opening_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let (error, text) = refused(&path).await;
    assert!(matches!(error, EmbeddedStoreError::NotFound { .. }), "{error:?}");
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    assert!(!path.exists());
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (error, _) = refused(directory.path()).await;
    assert!(matches!(error, EmbeddedStoreError::NotFound { .. }), "{error:?}");

    let file = directory.path().join("file");
    fs::write(&file, "text").unwrap();
    let (error, text) = refused(&file).await;
    assert!(matches!(error, EmbeddedStoreError::NotAStore { .. }), "{error:?}");
    assert!(text.contains("it is a file"), "{text}");

    let (error, _) = refused(directory.path()).await;
    assert!(matches!(error, EmbeddedStoreError::NotAStore { .. }), "{error:?}");

    let garbage = directory.path().join("store");
    for content in ["no charter".repeat(1_000), String::new()] {
        fs::write(&garbage, &content).unwrap();
        let (error, text) = refused(directory.path()).await;
        assert!(matches!(error, EmbeddedStoreError::NotAStore { .. }), "{error:?}");
        assert!(text.contains("something else"), "{text}");
        assert_eq!(fs::read_to_string(&garbage).unwrap(), content);
    }
}

#[tokio::test]
async fn a_store_without_its_charter_is_not_made_anew() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    drop(t.store);
    fs::remove_file(t.path.join("store")).unwrap();
    let creating = EmbeddedStore::builder(&t.path).create_for(application()).open().await;
    let text = text(&creating.unwrap_err());
    assert!(text.contains("backup"), "{text}");
    let (error, _) = refused(&t.path).await;
    assert!(matches!(error, EmbeddedStoreError::NotAStore { .. }), "{error:?}");
}

#[tokio::test]
async fn another_format_is_refused_by_its_number() {
    let directory = tempfile::tempdir().unwrap();
    // What was made before there was a version.
    fs::write(directory.path().join("events.sqlite3"), "SQLite format 3").unwrap();
    for create in [false, true] {
        let mut builder = EmbeddedStore::builder(directory.path());
        if create {
            builder = builder.create_for(application());
        }
        let (error, text) = refusal(builder.open().await);
        assert!(matches!(error, EmbeddedStoreError::OtherFormat { found: 1, .. }), "{error:?}");
        assert!(text.contains("format 1") && text.contains("export"), "{text}");
    }
}

#[tokio::test]
async fn another_applications_store_is_refused_by_both_names() {
    let t = create().await;
    let wanted = Identity::new("other", "other-key");
    let (error, text) = refusal(EmbeddedStore::builder(&t.path).create_for(wanted).open().await);
    assert!(matches!(error, EmbeddedStoreError::OtherApplication { .. }), "{error:?}");
    assert!(text.contains("app-key") && text.contains("other-key"), "{text}");
    // The name may change, the key identifies.
    let renamed = Identity::new("renamed", "app-key");
    let store = EmbeddedStore::builder(&t.path).create_for(renamed).open().await.unwrap();
    assert_eq!(*store.application(), application());
}

#[tokio::test]
async fn a_store_is_not_made_for_an_application_without_a_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let result = EmbeddedStore::builder(&path).create_for(Identity::new("app", "")).open().await;
    assert!(matches!(result, Err(Error::InvalidEnvelope { .. })), "{result:?}");
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_can_create_the_same_store_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let opening: Vec<_> = (0..8)
        .map(|_| EmbeddedStore::builder(&path).create_for(application()).open())
        .map(tokio::spawn)
        .collect();
    let mut stores = Vec::new();
    for store in opening {
        stores.push(store.await.unwrap().unwrap());
    }
    stores[0].next_offset().await.unwrap();
}

#[tokio::test]
async fn what_a_broken_off_creation_left_is_no_store_and_in_nobodys_way() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    fs::create_dir(&path).unwrap();
    for name in ["lock", "store.draft", "oldest", "00000000000000000007.log.draft"] {
        fs::write(path.join(name), "half of a store").unwrap();
    }
    fs::write(path.join("00000000000000000007.log"), "a header that is not whole").unwrap();
    let (error, _) = refused(&path).await;
    assert!(matches!(error, EmbeddedStoreError::NotFound { .. }), "{error:?}");

    let store = EmbeddedStore::builder(&path).create_for(application()).open().await.unwrap();
    assert_eq!(store.append(parcels(0..3), Expect::Any).await.unwrap(), 0..3);
    assert!(store.verify().await.unwrap().is_clean());
    assert!(!path.join("store.draft").exists() && !path.join("00000000000000000007.log").exists());
}

#[tokio::test]
async fn a_store_that_is_removed_or_replaced_takes_no_more_events() {
    for replace in [false, true] {
        let t = create().await;
        t.store.append(parcels([0]), Expect::Any).await.unwrap();
        fs::remove_dir_all(&t.path).unwrap();
        if replace {
            let other = EmbeddedStore::builder(&t.path).create_for(application()).open().await;
            other.unwrap().append(parcels([9]), Expect::Any).await.unwrap();
        }
        let error = t.store.append(parcels([1]), Expect::Any).await.unwrap_err();
        assert!(text(&error).contains("removed or replaced"), "{}", text(&error));
    }
}
