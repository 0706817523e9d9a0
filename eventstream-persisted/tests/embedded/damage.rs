use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreError};
use rusqlite::Connection;

use crate::support::{Temporary, create, drain, parcels, text};

/// A store of three chunks of events, on which somebody has run SQL.
async fn damaged_by(sql: &str) -> Temporary {
    let mut t = create().await;
    t.store.append(parcels(0..1_500), Expect::Any).await.unwrap();
    let database = Connection::open(t.path.join("events.sqlite3")).unwrap();
    let chunks: u32 =
        database.query_row("SELECT count(*) FROM chunk", [], |row| row.get(0)).unwrap();
    assert!(chunks >= 3);
    assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
    drop(database);
    t.store = EmbeddedStore::open(&t.path).await.unwrap();
    t
}

const SECOND: &str = "first = (SELECT first FROM chunk ORDER BY first LIMIT 1 OFFSET 1)";

/// The damage that reading finds, and the offsets that it names.
async fn found(t: &Temporary) -> (u64, u64, &'static str) {
    let query = t.store.load_by_type(EventTypes::any(), 0).await.unwrap();
    let Err(Error::Backend { source, retryable: false, .. }) = drain(query).await else {
        panic!("the damage was not noticed")
    };
    match source.downcast_ref::<EmbeddedStoreError>() {
        Some(EmbeddedStoreError::Damaged { first, last, problem, .. }) => (*first, *last, problem),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_changed_byte_is_named_by_its_offsets_and_what_lies_around_it_can_be_read() {
    let sql = "UPDATE chunk SET body = CAST(substr(body, 1, 20000) || x'00' || \
               substr(body, 20002) AS BLOB) WHERE ";
    let t = damaged_by(&format!("{sql}{SECOND}")).await;
    let (first, last, problem) = found(&t).await;
    assert!(first > 0 && last > first && last < 1_499, "{first} to {last}");
    assert!(problem.contains("checksum"), "{problem}");

    let after = t.store.load_by_type(EventTypes::any(), last + 1).await.unwrap();
    assert_eq!(drain(after).await.unwrap().len() as u64, 1_499 - last);
    let stream = t.store.stream(EventTypes::any());
    let mut cursor = stream.open(0, EventTypes::any()).await.unwrap();
    for offset in 0..first {
        assert_eq!(cursor.next().await.unwrap().offset, offset);
    }
    // And it is no accident: the same again.
    for _ in 0..2 {
        assert!(matches!(cursor.next().await, Err(Error::Backend { .. })));
        assert_eq!(cursor.position(), first);
    }
}

#[tokio::test]
async fn a_chunk_that_is_missing_is_named() {
    let t = damaged_by(&format!("DELETE FROM chunk WHERE {SECOND}")).await;
    let (first, last, problem) = found(&t).await;
    assert!(first > 0 && last > first && last < 1_499, "{first} to {last}");
    assert!(problem.contains("missing"), "{problem}");
}

#[tokio::test]
async fn the_last_chunk_that_is_missing_is_named() {
    let t = damaged_by("DELETE FROM chunk WHERE first = (SELECT max(first) FROM chunk)").await;
    let (_, last, problem) = found(&t).await;
    assert_eq!(last, 1_499);
    assert!(problem.contains("missing"), "{problem}");
}

#[tokio::test]
async fn a_chunk_of_another_place_is_noticed() {
    let t = damaged_by(&format!("UPDATE chunk SET count = count - 1 WHERE {SECOND}")).await;
    found(&t).await;
}

#[tokio::test]
async fn a_damaged_chunk_can_be_truncated() {
    let t = damaged_by(&format!("UPDATE chunk SET body = x'00' WHERE {SECOND}")).await;
    let (_, last, _) = found(&t).await;
    t.store.truncate(last + 1).await.unwrap();
    let rest = t.store.load_by_type(EventTypes::any(), last + 1).await.unwrap();
    assert_eq!(drain(rest).await.unwrap().len() as u64, 1_499 - last);
}

#[tokio::test]
async fn a_filter_passes_over_no_chunk_whose_summary_has_changed() {
    for sql in [
        "UPDATE chunk SET summary = CAST(substr(summary, 1, 14) || x'00' || substr(summary, 16) \
         AS BLOB) WHERE ",
        "UPDATE chunk SET count = count + 16 WHERE ",
        "UPDATE chunk SET count = count - 16 WHERE ",
    ] {
        let t = damaged_by(&format!("{sql}{SECOND}")).await;
        for types in [EventTypes::from("type"), EventTypes::from("other")] {
            let query = t.store.load_by_type(types, 0).await.unwrap();
            assert!(matches!(drain(query).await, Err(Error::Backend { .. })), "{sql}");
        }
        let query = t.store.load_by_source("handler", "instance").await.unwrap();
        assert!(drain(query).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn nothing_is_appended_where_the_end_is_missing() {
    let t = damaged_by("DELETE FROM chunk WHERE first = (SELECT max(first) FROM chunk)").await;
    let error = t.store.append(parcels([5_000]), Expect::Any).await.unwrap_err();
    assert!(text(&error).contains("don't agree"), "{}", text(&error));
}

#[tokio::test]
async fn an_id_that_went_with_a_damaged_chunk_can_be_used_again() {
    let t = damaged_by(&format!("UPDATE chunk SET body = x'00' WHERE {SECOND}")).await;
    let (first, last, _) = found(&t).await;
    t.store.truncate(last + 1).await.unwrap();
    for id in [0, first, last] {
        let range = t.store.append(parcels([id]), Expect::Any).await.unwrap();
        assert!(range.start >= 1_500, "{id}: {range:?}");
    }
    let stats = t.store.stats().await.unwrap();
    assert_eq!(stats.events_by_type.values().sum::<u64>(), 1_499 - last + 3);
}
