use std::fs;

use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect, Identity,
};
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

    let garbage = directory.path().join("events.sqlite3");
    for content in ["no database".repeat(1_000), String::new()] {
        fs::write(&garbage, &content).unwrap();
        let (error, _) = refused(directory.path()).await;
        assert!(matches!(error, EmbeddedStoreError::NotAStore { .. }), "{error:?}");
        assert_eq!(fs::read_to_string(&garbage).unwrap(), content);
    }
    fs::remove_file(&garbage).unwrap();

    let foreign = rusqlite::Connection::open(&garbage).unwrap();
    foreign.execute_batch("CREATE TABLE t (x); PRAGMA application_id = 7").unwrap();
    drop(foreign);
    let (error, text) = refused(directory.path()).await;
    assert!(matches!(error, EmbeddedStoreError::NotAStore { .. }), "{error:?}");
    assert!(text.contains("another program"), "{text}");
}

#[tokio::test]
async fn another_format_is_refused_by_its_number() {
    let t = create().await;
    drop(t.store);
    let database = rusqlite::Connection::open(t.path.join("events.sqlite3")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let (error, text) = refused(&t.path).await;
    assert!(matches!(error, EmbeddedStoreError::OtherFormat { found: 99, .. }), "{error:?}");
    assert!(text.contains("99"), "{text}");
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

#[tokio::test]
async fn a_store_that_is_closed_is_one_file() {
    let t = create().await;
    t.store.append(parcels(0..100), Expect::Any).await.unwrap();
    let mut cursor = t.store.stream(EventTypes::any()).open(0, EventTypes::any()).await.unwrap();
    cursor.next().await.unwrap();
    drop(cursor);
    drop(t.store);
    let files: Vec<_> =
        fs::read_dir(&t.path).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["events.sqlite3"]);
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
    let left = path.join("events.sqlite3.new-0123456789abcdef");
    fs::write(&left, "half of a store").unwrap();
    fs::write(path.join("events.sqlite3.new-0123456789abcdef-wal"), "log").unwrap();
    let (error, _) = refused(&path).await;
    assert!(matches!(error, EmbeddedStoreError::NotFound { .. }), "{error:?}");

    let two_hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7_200);
    fs::File::options().write(true).open(&left).unwrap().set_modified(two_hours_ago).unwrap();
    let store = EmbeddedStore::builder(&path).create_for(application()).open().await.unwrap();
    store.append(parcels(0..3), Expect::Any).await.unwrap();
    assert!(!left.exists(), "what is old is removed");
    // What is new may be another process's, at work.
    assert!(path.join("events.sqlite3.new-0123456789abcdef-wal").exists());
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

#[tokio::test]
async fn what_a_store_knows_of_itself_is_protected() {
    for sql in [
        "UPDATE head SET next = next + 1",
        "UPDATE head SET oldest = oldest + 1",
        "UPDATE head SET next = -next",
        "UPDATE store SET first_offset = '8'",
        "UPDATE store SET application_key = 'bpp-key'",
        "UPDATE store SET application_name = 'bpp'",
        "UPDATE store SET hash_key = CAST(x'00' || substr(hash_key, 2) AS BLOB)",
    ] {
        let t = create().await;
        t.store.append(parcels(0..10), Expect::Any).await.unwrap();
        drop(t.store);
        let database = rusqlite::Connection::open(t.path.join("events.sqlite3")).unwrap();
        assert_eq!(database.execute(sql, []).unwrap(), 1);
        drop(database);
        let (error, _) = refused(&t.path).await;
        assert!(matches!(error, EmbeddedStoreError::DamagedHead), "{sql}: {error:?}");
    }
}
