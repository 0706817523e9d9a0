//! Events that could not be handled.

use std::time::SystemTime;

use eventstream_core::{Identity, ParkedEvents};

use crate::support::*;

#[tokio::test]
async fn a_failing_event_is_noted_then_parked_then_replayed_then_forgotten() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    let before = SystemTime::now();
    assert!(!parked.park(&app, 3).await.unwrap());
    assert_eq!(parked.failed(&app, &event(3), "once").await.unwrap(), 1);
    assert_eq!(parked.failed(&app, &event(3), "twice").await.unwrap(), 2);
    // Noted, and not parked.
    assert_eq!(parked.list(&app, 0, 10).await.unwrap(), []);
    assert_eq!(parked.count(&app).await.unwrap(), 0);
    assert!(!parked.replay(&app, 3).await.unwrap());
    assert_eq!(parked.next_replay(&app).await.unwrap(), None);

    // Attempts survive a restart.
    let parked = place.recording().await.parked();
    assert_eq!(parked.failed(&app, &event(3), "thrice").await.unwrap(), 3);
    assert!(parked.park(&app, 3).await.unwrap());
    assert!(parked.park(&app, 3).await.unwrap());
    assert_eq!(parked.count(&app).await.unwrap(), 1);
    let listed = parked.list(&app, 0, 10).await.unwrap();
    let [one] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!(one.event, event(3));
    assert_eq!((one.error.as_str(), one.attempts, one.replaying), ("thrice", 3, false));
    // To the microsecond.
    let after = SystemTime::now();
    let from = before - std::time::Duration::from_micros(1);
    assert!(from <= one.first_failed_at && one.first_failed_at <= one.last_failed_at);
    assert!(one.last_failed_at <= after);
    assert_eq!(parked.next_replay(&app).await.unwrap(), None);

    assert!(parked.replay(&app, 3).await.unwrap());
    assert!(parked.park(&app, 3).await.unwrap());
    let next = parked.next_replay(&app).await.unwrap().unwrap();
    assert_eq!((next.event.offset, next.attempts, next.replaying), (3, 3, true));
    // It fails again, and waits for no replay any more.
    assert_eq!(parked.failed(&app, &event(3), "again").await.unwrap(), 4);
    assert_eq!(parked.next_replay(&app).await.unwrap(), None);
    assert_eq!(parked.count(&app).await.unwrap(), 1);
    assert_eq!(parked.list(&app, 0, 1).await.unwrap()[0].error, "again");

    assert!(parked.remove(&app, 3).await.unwrap());
    assert!(!parked.remove(&app, 3).await.unwrap());
    assert!(!parked.replay(&app, 3).await.unwrap());
    assert_eq!(parked.count(&app).await.unwrap(), 0);
}

#[tokio::test]
async fn resuming_forgets_notes_below_and_says_what_is_parked_past() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    for offset in 0..8 {
        parked.failed(&app, &event(offset), "no").await.unwrap();
    }
    for offset in [1, 4, 6] {
        parked.park(&app, offset).await.unwrap();
    }
    parked.replay(&app, 6).await.unwrap();
    assert_eq!(parked.resume(&app, 4).await.unwrap(), [4, 6]);
    // 1 is still parked; of the others only those from 4 on are remembered.
    assert_eq!(parked.resume(&app, 0).await.unwrap(), [1, 4, 6]);
    for (offset, attempts) in [(0, 1), (1, 2), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2), (7, 2)] {
        let failed = parked.failed(&app, &event(offset), "no").await.unwrap();
        assert_eq!(failed, attempts, "{offset}");
    }
}

#[tokio::test]
async fn they_are_listed_in_pages() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    for offset in (0..50).rev() {
        parked.failed(&app, &event(offset), "no").await.unwrap();
        parked.park(&app, offset).await.unwrap();
    }
    let (mut seen, mut from) = (Vec::new(), 0);
    loop {
        let page = parked.list(&app, from, 7).await.unwrap();
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        from = last.event.offset + 1;
        seen.extend(page.into_iter().map(|parked| parked.event));
    }
    assert_eq!(seen, events(0..50));
    assert_eq!(parked.list(&app, 0, 0).await.unwrap(), []);
    assert_eq!(parked.list(&app, 48, usize::MAX).await.unwrap().len(), 2);
}

#[tokio::test]
async fn applications_are_apart() {
    let place = Place::new();
    let (app, other) = (application(), Identity::new("other", "other-key"));
    let parked = place.recording().await.parked();
    parked.failed(&app, &event(1), "no").await.unwrap();
    parked.park(&app, 1).await.unwrap();
    assert!(!parked.park(&other, 1).await.unwrap());
    assert_eq!(parked.count(&other).await.unwrap(), 0);
    assert_eq!(parked.resume(&other, 0).await.unwrap(), [0; 0]);
    assert!(!parked.remove(&other, 1).await.unwrap());
    assert!(!parked.replay(&other, 1).await.unwrap());
    assert_eq!(parked.resume(&app, 0).await.unwrap(), [1]);
}

#[tokio::test]
async fn what_is_no_event_is_said_to_be_damaged() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    parked.failed(&app, &event(1), "no").await.unwrap();
    parked.park(&app, 1).await.unwrap();
    place.sql().execute("UPDATE eventstream_parked SET event = x'ff'", []).unwrap();
    let error = parked.list(&app, 0, 10).await.unwrap_err();
    assert!(!error.is_retryable());
    contains(&text(&error), &["the parked event 1 is no event", "damaged"]);
    // It can be got rid of.
    assert!(parked.remove(&app, 1).await.unwrap());
}

/// So that to list many of them page by page, or to start a consumer, does not go through all.
#[tokio::test]
async fn the_place_of_an_offset_is_found_by_an_index() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    let offsets = [0, 1, 2, i64::MAX.cast_unsigned(), 1 << 63, u64::MAX - 1];
    for offset in offsets {
        parked.failed(&app, &event(offset), "it failed").await.unwrap();
        parked.park(&app, offset).await.unwrap();
    }
    for (at, from) in offsets.into_iter().enumerate() {
        assert_eq!(parked.resume(&app, from).await.unwrap(), offsets[at..]);
        for max in 0..=offsets.len() {
            let listed = parked.list(&app, from, max).await.unwrap();
            let listed: Vec<u64> = listed.into_iter().map(|it| it.event.offset).collect();
            assert_eq!(listed, offsets[at..offsets.len().min(at + max)], "{max} from {from}");
        }
    }
    // What the statements above look for: the plan names the offset, not the consumer only.
    let sql = place.sql();
    let plan: String = sql
        .query_row(
            "EXPLAIN QUERY PLAN SELECT event_offset FROM eventstream_parked
             WHERE consumer = 'c' AND application_key = 'k' AND state <> 'noted'
                 AND (event_offset < 0) = (5 < 0) AND event_offset >= 5
             ORDER BY event_offset",
            [],
            |row| row.get(3),
        )
        .unwrap();
    contains(&plan, &["eventstream_parked_by_offset", "event_offset>"]);
}
