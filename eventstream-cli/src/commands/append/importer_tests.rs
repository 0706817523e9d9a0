use eventstream_core::{Envelope, Identity};
use proptest::prelude::*;

use super::{super::fake_store::Store, *};

fn parcels(ids: impl IntoIterator<Item = u32>) -> Vec<Parcel> {
    ids.into_iter()
        .map(|id| {
            let application = Identity::new("test", "key");
            let envelope = Envelope::new(id.to_string(), application, "t", "text/plain");
            Parcel::seal(envelope).unwrap()
        })
        .collect()
}

fn tally(first: u64, next: u64, appended: u64, duplicates: u64) -> Tally {
    Tally { first, next, appended, duplicates }
}

async fn import(store: &Store, ids: impl IntoIterator<Item = u32>) -> (Vec<Range<u64>>, Tally) {
    let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
    let ranges = importer.import(parcels(ids)).await.unwrap();
    (ranges, importer.tally())
}

#[tokio::test]
async fn what_is_new_is_appended_as_one() {
    let store = Store::of(0..3);
    assert_eq!(import(&store, 3..10).await, (vec![3..10], tally(3, 10, 7, 0)));
    assert_eq!(store.with(|it| (it.commits, it.calls)), (1, 1));
}

#[tokio::test]
async fn nothing_is_an_empty_range_at_the_end() {
    assert_eq!(import(&Store::of(0..3), []).await, (vec![], tally(3, 3, 0, 0)));
}

#[tokio::test]
async fn a_repetition_is_found_with_one_call() {
    let store = Store::of(0..10);
    assert_eq!(import(&store, 2..6).await, (vec![2..6], tally(2, 6, 0, 4)));
    assert_eq!(store.with(|it| (it.commits, it.calls)), (0, 1));
}

#[tokio::test]
async fn of_a_partial_repetition_only_the_rest_is_appended() {
    let store = Store::of(0..600);
    let (ranges, counted) = import(&store, 500..1500).await;
    // What was there and what is new follow each other, and so do the offsets.
    assert_eq!(ranges, [500..1500]);
    assert_eq!(counted, tally(500, 1500, 900, 100));
    assert_eq!(store.ids(), (0..1500).collect::<Vec<_>>());
    let (commits, calls) = store.with(|it| (it.commits, it.calls));
    assert_eq!(commits, 1);
    assert!(calls < 50, "{calls}");
}

#[tokio::test]
async fn scattered_duplicates_cost_one_commit() {
    let store = Store::of((0..1000).step_by(2));
    let (ranges, counted) = import(&store, 0..1000).await;
    assert_eq!(counted, tally(0, 1000, 500, 500));
    assert_eq!(ranges.len(), 1000);
    let found: Vec<u32> =
        ranges.iter().map(|range| store.ids()[usize::try_from(range.start).unwrap()]).collect();
    assert_eq!(found, (0..1000).collect::<Vec<_>>());
    let (commits, calls) = store.with(|it| (it.commits, it.calls));
    assert_eq!(commits, 1);
    assert!(calls < 1100, "{calls}");
}

#[tokio::test]
async fn what_comes_twice_in_the_input_is_appended_once() {
    let store = Store::default();
    let (ranges, counted) = import(&store, [7, 8, 7, 7, 9, 8]).await;
    assert_eq!(ranges, [0..2, 0..1, 0..1, 2..3, 1..2]);
    assert_eq!(counted, tally(0, 3, 3, 3));
    assert_eq!(store.ids(), [7, 8, 9]);
}

#[tokio::test]
async fn what_others_append_meanwhile_is_not_counted_as_ours() {
    let store = Store::default();
    let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
    store.with(|it| it.others = [vec![90, 91], vec![2, 3], vec![92]].into());
    let ranges = importer.import(parcels(0..6)).await.unwrap();
    assert_eq!(store.ids(), [90, 91, 2, 3, 92, 0, 1, 4, 5]);
    assert_eq!(ranges, [5..7, 2..4, 7..9]);
    assert_eq!(importer.tally(), tally(2, 9, 4, 2));
}

#[tokio::test]
async fn a_batch_that_others_append_whole_is_a_repetition() {
    let store = Store::default();
    let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
    store.with(|it| it.others = [vec![90], vec![91, 0, 1, 2]].into());
    assert_eq!(importer.import(parcels(0..3)).await.unwrap(), [2..5]);
    assert_eq!(importer.tally(), tally(2, 5, 0, 3));
}

#[tokio::test]
async fn what_others_have_appended_since_is_a_repetition() {
    let store = Store::default();
    let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
    store.with(|it| it.ids.extend(0..3));
    assert_eq!(importer.import(parcels(0..3)).await.unwrap(), [0..3]);
    assert_eq!(importer.tally(), tally(0, 3, 0, 3));
}

#[tokio::test]
async fn busy_others_do_not_keep_it_from_appending() {
    let store = Store::default();
    store.with(|it| it.others = (1000..1100).map(|id| vec![id]).collect());
    let (_, counted) = import(&store, 0..3).await;
    assert_eq!((counted.appended, counted.duplicates), (3, 0));
    assert!(store.with(|it| it.calls) <= CONFLICTS + 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_waited_for() {
    for failures_commit in [false, true] {
        let store = Store::of([90]);
        store.with(|it| {
            it.failures = 3;
            it.failures_commit = failures_commit;
        });
        assert_eq!(import(&store, 0..3).await, (vec![1..4], tally(1, 4, 3, 0)));
        assert_eq!(store.ids(), [90, 0, 1, 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_is_said() {
    let store = Store::default();
    store.with(|it| it.failures = usize::MAX);
    let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
    assert!(importer.import(parcels(0..3)).await.unwrap_err().is_retryable());
    assert_eq!(importer.tally(), tally(0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn of_failures_the_first_is_said() {
    let store = Store::default();
    store.with(|it| {
        it.failures = usize::MAX;
        it.stops_at = Some(2);
    });
    let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
    let error = importer.import(parcels(0..3)).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "busy");
    assert_eq!(store.with(|it| it.calls), 2);
}

proptest! {
    /// Whatever is there, and whatever others do: all is in the store once, where the ranges say,
    /// and what is counted is true.
    #[test]
    fn every_parcel_is_placed_and_counted(
        stored in prop::collection::vec(0u32..40, 0..40),
        batches in prop::collection::vec(prop::collection::vec(0u32..40, 0..20), 1..5),
        others in prop::collection::vec(prop::collection::vec(20u32..60, 0..4), 0..30),
        offset_first: bool,
    ) {
        let mut distinct = Vec::new();
        for id in stored {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        let before = distinct.len();
        let store = Store::of(distinct);
        let quiet = others.iter().all(Vec::is_empty);
        store.with(|it| {
            it.others = others.into();
            it.offset_first = offset_first;
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut importer = Importer::new(store.clone(), Turn::default()).await.unwrap();
            let mut count = 0;
            for batch in batches {
                count += batch.len() as u64;
                let ranges = importer.import(parcels(batch.clone())).await.unwrap();
                let ids = store.ids();
                let offsets = ranges.into_iter().flatten();
                let found: Vec<u32> = offsets.map(|it| ids[usize::try_from(it).unwrap()]).collect();
                assert_eq!(found, batch);
            }
            let ids = store.ids();
            let mut distinct = ids.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), ids.len());
            let tally = importer.tally();
            assert_eq!(tally.appended + tally.duplicates, count);
            if quiet {
                assert_eq!(tally.appended, (ids.len() - before) as u64);
            }
        });
    }
}
