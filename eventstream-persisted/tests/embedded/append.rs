use eventstream_core::{Envelope, Error, EventRepository, EventStore, Expect, Identity, Parcel};
use eventstream_persisted::EmbeddedStore;

use crate::support::{application, create, create_at, ids, names, parcel, parcels};

#[tokio::test]
async fn offsets_are_dense() {
    let t = create().await;
    assert_eq!(t.store.next_offset().await.unwrap(), 0);
    assert_eq!(t.store.append(parcels(0..3), Expect::Any).await.unwrap(), 0..3);
    assert_eq!(t.store.append(Vec::new(), Expect::Any).await.unwrap(), 3..3);
    assert_eq!(t.store.append(parcels(3..5000), Expect::Any).await.unwrap(), 3..5000);
    assert_eq!(t.store.next_offset().await.unwrap(), 5000);
    assert_eq!(ids(&t.store, 0).await, names(0..5000));
}

#[tokio::test]
async fn what_was_appended_is_there_when_the_store_is_opened_again() {
    let t = create().await;
    t.store.append(parcels(0..10), Expect::Any).await.unwrap();
    let path = t.path.clone();
    drop(t.store);
    let store = EmbeddedStore::open(&path).await.unwrap();
    assert_eq!(*store.application(), application());
    assert_eq!(ids(&store, 0).await, names(0..10));
    assert_eq!(store.append(parcels(10..12), Expect::Offset(10)).await.unwrap(), 10..12);
    assert_eq!(store.append(parcels(3..5), Expect::Any).await.unwrap(), 3..5);
}

#[tokio::test]
async fn a_conflict_names_both_offsets_and_stores_nothing() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Offset(0)).await.unwrap();
    for expected in [0, 2, 4, u64::MAX] {
        match t.store.append(parcels(10..12), Expect::Offset(expected)).await {
            Err(Error::OffsetConflict { expected: e, actual: 3 }) if e == expected => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ids(&t.store, 0).await, names(0..3));
}

#[tokio::test]
async fn a_repetition_returns_the_range_first_given() {
    let t = create().await;
    t.store.append(parcels(0..10), Expect::Any).await.unwrap();
    assert_eq!(t.store.append(parcels(0..10), Expect::Any).await.unwrap(), 0..10);
    assert_eq!(t.store.append(parcels(4..6), Expect::Any).await.unwrap(), 4..6);
    // Also if what was expected is no longer so: it was, then.
    assert_eq!(t.store.append(parcels(0..10), Expect::Offset(0)).await.unwrap(), 0..10);
    assert_eq!(ids(&t.store, 0).await, names(0..10));
}

#[tokio::test]
async fn a_partial_overlap_is_an_error_that_changes_nothing() {
    let t = create().await;
    t.store.append(parcels(0..10), Expect::Any).await.unwrap();
    for (overlap, first, offset) in [
        (parcels([10, 3]), "m-3", 3),
        (parcels([9, 10]), "m-9", 9),
        (parcels([5, 4]), "m-5", 5),
        (parcels([5, 7]), "m-5", 5),
        (parcels([20, 21, 0, 22]), "m-0", 0),
    ] {
        match t.store.append(overlap, Expect::Any).await {
            Err(Error::DuplicateMessage { message_id, offset: found }) => {
                assert_eq!((message_id.as_str(), found), (first, offset));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ids(&t.store, 0).await, names(0..10));
    assert_eq!(t.store.append(parcels([10, 20]), Expect::Offset(10)).await.unwrap(), 10..12);
}

#[tokio::test]
async fn an_id_that_is_twice_in_one_append_is_refused() {
    let t = create().await;
    match t.store.append(parcels([1, 2, 1]), Expect::Any).await {
        Err(Error::InvalidEnvelope { field: "message_id", problem }) => {
            assert!(problem.contains("m-1"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(t.store.next_offset().await.unwrap(), 0);
}

#[tokio::test]
async fn another_applications_events_are_refused() {
    let t = create().await;
    let other = Identity::new("other", "other-key");
    let foreign = Parcel::seal(Envelope::new("m", other, "type", "text/plain")).unwrap();
    match t.store.append(vec![parcel(0, "type"), foreign], Expect::Any).await {
        Err(Error::InvalidEnvelope { field: "source_application", problem }) => {
            assert!(problem.contains("other") && problem.contains("app"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(t.store.next_offset().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_appends_are_dense_and_whole() {
    let t = create().await;
    let appends: Vec<_> = (0..64_u64)
        .map(|task| {
            let store = t.store.clone();
            tokio::spawn(async move {
                for batch in 0..10 {
                    let first = task * 1000 + batch * 10;
                    let size = task % 7 + 1;
                    let range =
                        store.append(parcels(first..first + size), Expect::Any).await.unwrap();
                    assert_eq!(range.end - range.start, size);
                }
            })
        })
        .collect();
    for append in appends {
        append.await.unwrap();
    }
    let ids = ids(&t.store, 0).await;
    let total: u64 = (0..64).map(|task| (task % 7 + 1) * 10).sum();
    assert_eq!(ids.len() as u64, total);
    // The events of one append stand together, in their order.
    let numbers: Vec<u64> = ids.iter().map(|id| id[2..].parse().unwrap()).collect();
    let mut at = 0;
    while at < numbers.len() {
        let first = numbers[at];
        assert_eq!(first % 10, 0);
        let size = usize::try_from((first / 1000) % 7 + 1).unwrap();
        let expected: Vec<u64> = (first..first + size as u64).collect();
        assert_eq!(numbers[at..at + size], expected);
        at += size;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_appends_that_expect_the_same_offset_one_wins() {
    let t = create().await;
    let appends: Vec<_> = (0..20)
        .map(|id| {
            let store = t.store.clone();
            tokio::spawn(async move { store.append(parcels([id]), Expect::Offset(0)).await })
        })
        .collect();
    let mut won = 0;
    for append in appends {
        match append.await.unwrap() {
            Ok(range) => {
                assert_eq!(range, 0..1);
                won += 1;
            }
            Err(Error::OffsetConflict { expected: 0, actual: 1 }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won, t.store.next_offset().await.unwrap()), (1, 1));
}

#[tokio::test]
async fn large_events_and_large_batches_are_stored() {
    let t = create().await;
    let mut batch = parcels(0..3);
    for size in [0_usize, 70_000, 5 * 1024 * 1024] {
        let data = vec![b'x'; size].into();
        let large = Envelope { data, ..crate::support::envelope(1000 + size as u64, "large") };
        batch.push(Parcel::seal(large).unwrap());
    }
    t.store.append(batch.clone(), Expect::Any).await.unwrap();
    let query = t.store.load_by_type(eventstream_core::EventTypes::any(), 0).await.unwrap();
    let events = crate::support::drain(query).await.unwrap();
    assert_eq!(events.into_iter().map(|event| event.parcel).collect::<Vec<_>>(), batch);
}

#[tokio::test]
async fn offsets_can_begin_anywhere_and_run_out_with_an_error() {
    let t = create_at(u64::MAX - 3).await;
    let first = u64::MAX - 3;
    assert_eq!(
        t.store.append(parcels(0..2), Expect::Offset(first)).await.unwrap(),
        first..first + 2
    );
    let error = t.store.append(parcels(2..4), Expect::Any).await.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(t.store.append(parcels(2..3), Expect::Any).await.unwrap(), first + 2..u64::MAX);
    assert!(t.store.append(parcels(3..4), Expect::Any).await.is_err());
    assert_eq!(ids(&t.store, first).await, names(0..3));
}

#[tokio::test]
async fn a_dropped_append_is_whole_or_not_there() {
    let t = create().await;
    for id in 0..200_u64 {
        let append = t.store.append(parcels(id * 10..id * 10 + 3), Expect::Any);
        let mut append = Box::pin(append);
        let waker = std::task::Waker::noop();
        // Pending, mostly; it is dropped wherever it is.
        let _ = append.as_mut().poll(&mut std::task::Context::from_waker(waker));
        drop(append);
    }
    // Appends are taken in order: once this one is there, so is what became of the others.
    t.store.append(parcels([9_999]), Expect::Any).await.unwrap();
    let ids = ids(&t.store, 0).await;
    assert_eq!((ids.len() - 1) % 3, 0);
    for triple in ids[..ids.len() - 1].chunks(3) {
        let first: u64 = triple[0][2..].parse().unwrap();
        assert_eq!(triple, names(first..first + 3));
    }
    // Asking again tells: it is stored now, once, whatever became of it.
    assert_eq!(t.store.append(parcels(0..3), Expect::Any).await.unwrap().count(), 3);
}
