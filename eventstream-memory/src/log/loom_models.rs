//! What readers, writers and sleepers can see of each other, in every order in which they can
//! meet. Run by `./test`, which builds with `--cfg eventstream_loom`.

use std::{
    sync::{Arc, LazyLock, Weak},
    task::{Context, Poll, Wake, Waker},
};

use eventstream_core::{Envelope, Error, EventTypes, Identity, Parcel};
use loom::{sync::Notify, thread};

use super::{Limits, Log, Scan};
use crate::{filter::Filter, waiters::WaiterId};

static PARCELS: LazyLock<Vec<Parcel>> = LazyLock::new(|| {
    (0..40_u32)
        .map(|id| (id, if id % 2 == 0 { "even" } else { "odd" }))
        .map(|(id, event_type)| {
            let app = Identity::new("app", "key");
            Parcel::seal(Envelope::new(id.to_string(), app, event_type, "a/b")).unwrap()
        })
        .collect()
});

fn log(events: usize) -> Arc<Log> {
    LazyLock::force(&PARCELS);
    Arc::new(Log::new(0, Limits { events, reorder: 0 }))
}

fn append(log: &Log, ids: std::ops::Range<usize>) {
    log.write(|state| state.append(PARCELS[ids].to_vec())).unwrap();
}

/// Scans what is there; returns the ids of the events, and how it ended.
fn scan(
    log: &Log,
    waiter: WaiterId,
    position: &mut u64,
    types: &EventTypes,
) -> (Vec<u64>, eventstream_core::Result<Scan>) {
    let mut ids = Vec::new();
    let (mut chunk, mut filter) = (Weak::new(), Filter::new(types.clone()));
    let result = log.scan(waiter, position, &mut chunk, &mut filter, 100, |event| {
        let id: u64 = event.parcel.message_id().parse().unwrap();
        assert_eq!(id, event.offset);
        ids.push(id);
    });
    (ids, result)
}

struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

#[test]
fn a_reader_sees_whole_appends_in_order() {
    loom::model(|| {
        let log = log(100);
        let writer = {
            let log = log.clone();
            thread::spawn(move || {
                append(&log, 0..2);
                append(&log, 2..4);
            })
        };
        let waiter = log.register(&EventTypes::any());
        let mut position = 0;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (ids, result) = scan(&log, waiter, &mut position, &EventTypes::any());
            assert!(matches!(result.unwrap(), Scan::Done | Scan::AtEnd));
            seen.extend(ids);
            assert!([0, 2, 4].contains(&seen.len()));
            assert_eq!(position, seen.len() as u64);
        }
        writer.join().unwrap();
        seen.extend(scan(&log, waiter, &mut position, &EventTypes::any()).0);
        assert_eq!(seen, [0, 1, 2, 3]);
    });
}

#[test]
fn a_filter_sees_the_types_that_belong_to_the_events() {
    loom::model(|| {
        let log = log(100);
        append(&log, 0..1);
        let writer = {
            let log = log.clone();
            thread::spawn(move || append(&log, 1..4))
        };
        let waiter = log.register(&EventTypes::from("odd"));
        let mut position = 0;
        let (mut ids, _) = scan(&log, waiter, &mut position, &EventTypes::from("odd"));
        writer.join().unwrap();
        ids.extend(scan(&log, waiter, &mut position, &EventTypes::from("odd")).0);
        assert_eq!(ids, [1, 3]);
    });
}

#[test]
fn a_reader_that_is_overtaken_is_told_and_never_skips() {
    loom::model(|| {
        // One event is kept, in chunks of sixteen: the first chunk goes with the seventeenth.
        let log = log(1);
        append(&log, 0..15);
        let writer = {
            let log = log.clone();
            thread::spawn(move || {
                append(&log, 15..17);
                append(&log, 17..18);
            })
        };
        let waiter = log.register(&EventTypes::any());
        let mut position = 14;
        let mut expected = 14;
        for _ in 0..2 {
            let (ids, result) = scan(&log, waiter, &mut position, &EventTypes::any());
            for id in ids {
                assert_eq!(id, expected);
                expected += 1;
            }
            match result {
                Ok(_) => {}
                Err(Error::Truncated { requested, oldest }) => {
                    assert!(requested == expected && oldest > requested);
                }
                Err(other) => panic!("{other}"),
            }
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_sleeper_is_woken_by_what_it_waits_for() {
    for types in [EventTypes::any(), EventTypes::from("odd")] {
        loom::model(move || {
            let log = log(100);
            let writer = {
                let log = log.clone();
                thread::spawn(move || {
                    append(&log, 0..1);
                    append(&log, 1..2);
                })
            };
            let waiter = log.register(&types);
            let bell = Arc::new(Bell(Notify::new()));
            let waker = Waker::from(bell.clone());
            let mut position = 0;
            let mut seen = Vec::new();
            while seen.last() != Some(&1) {
                seen.extend(scan(&log, waiter, &mut position, &types).0);
                let mut context = Context::from_waker(&waker);
                match log.poll_wait(waiter, &mut position, &mut context) {
                    Poll::Ready(result) => result.unwrap(),
                    Poll::Pending if seen.last() == Some(&1) => {}
                    // Loom reports a deadlock if nobody rings.
                    Poll::Pending => bell.0.wait(),
                }
            }
            log.unregister(waiter, &types);
            writer.join().unwrap();
        });
    }
}

#[test]
fn a_sleeper_that_is_overtaken_by_what_it_does_not_want_goes_on() {
    loom::model(|| {
        // One event is kept, so that the even one is truncated before the sleeper can look.
        let log = log(1);
        let types = EventTypes::from("odd");
        let waiter = log.register(&types);
        let bell = Arc::new(Bell(Notify::new()));
        let waker = Waker::from(bell.clone());
        let mut position = 0;
        let asleep = log.poll_wait(waiter, &mut position, &mut Context::from_waker(&waker));
        assert!(asleep.is_pending());
        let writer = {
            let log = log.clone();
            thread::spawn(move || append(&log, 0..2))
        };
        // It looks again in between, whether or not it was woken.
        let (mut found, _) = scan(&log, waiter, &mut position, &types);
        writer.join().unwrap();
        found.extend(scan(&log, waiter, &mut position, &types).0);
        assert_eq!(found, [1]);
    });
}

#[test]
fn a_sleeper_is_woken_when_the_stream_is_dropped() {
    loom::model(|| {
        let log = log(100);
        let owner = {
            let log = log.clone();
            thread::spawn(move || log.write(super::State::drop_stream))
        };
        let waiter = log.register(&EventTypes::any());
        let bell = Arc::new(Bell(Notify::new()));
        let waker = Waker::from(bell.clone());
        let mut position = 0;
        while log.poll_wait(waiter, &mut position, &mut Context::from_waker(&waker)).is_pending() {
            bell.0.wait();
        }
        owner.join().unwrap();
    });
}
