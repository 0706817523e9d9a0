//! Stores that earlier versions made: `tests/golden/` has one of each format.

use std::{fs, path::Path};

use eventstream_core::{EventRepository, EventStore, EventTypes, Expect, Identity};
use eventstream_persisted::EmbeddedStore;

use crate::support::drain;

#[tokio::test]
async fn a_store_of_format_2_is_read_and_appended_to() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-2");
    let directory = tempfile::tempdir().unwrap();
    for file in fs::read_dir(golden).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
    }
    let store = EmbeddedStore::open(directory.path()).await.unwrap();
    let application = Identity::new("golden", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    assert_eq!(*store.application(), application);
    assert!(store.verify().await.unwrap().is_clean());
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.first_offset, stats.next_offset), (1_010, 1_125));
    assert!(stats.segments > 0 && stats.log_bytes > 0);

    // Offset 1,000 has the event number 0, of one of three types; every other one has a source.
    let all = drain(store.load_by_type(EventTypes::any(), 1_010).await.unwrap()).await.unwrap();
    assert_eq!(all.len(), 115);
    for (event, number) in all.iter().zip(10..) {
        assert_eq!(event.offset, 1_000 + number);
        assert_eq!(event.parcel.message_id(), format!("m-{number}"));
        assert_eq!(event.parcel.data(), format!(r#"{{"n":{number}}}"#));
    }
    let paid = store.load_by_type(EventTypes::from("order.paid"), 1_010).await.unwrap();
    assert_eq!(drain(paid).await.unwrap().len(), 39);
    let source = store.load_by_source("5c9a2b5e-3d0c-4f0a-9f37-6d9a0e8b1c42", "o-2").await.unwrap();
    assert_eq!(drain(source).await.unwrap().len(), 12);

    // Its ids are known, in runs and in the log; and it goes on.
    for number in [10, 60, 124] {
        let event = &all[number - 10];
        let range = store.append(vec![event.parcel.clone()], Expect::Any).await.unwrap();
        assert_eq!(range.start, event.offset);
    }
    assert_eq!(store.next_offset().await.unwrap(), 1_125);
}
