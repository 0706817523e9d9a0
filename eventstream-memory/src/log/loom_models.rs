//! What readers, writers and sleepers can see of each other, in every order in which they can
//! meet. Run by `./test`, which builds with `--cfg eventstream_loom`.

use std::{
    sync::{Arc, LazyLock},
    task::{Context, Poll, Wake, Waker},
};

use eventstream_core::{Envelope, Error, Event, EventTypes, Identity, Parcel};
use loom::{
    sync::{
        Notify,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Limits, Log, Reader, Scan};

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

fn reader(log: &Arc<Log>, position: u64, types: &EventTypes) -> Reader {
    Reader::new(log.clone(), position, types.clone())
}

/// Scans what is there; returns the ids of the events, and how it ended.
fn scan(reader: &mut Reader) -> (Vec<u64>, eventstream_core::Result<Scan>) {
    let mut ids = Vec::new();
    let mut note = |event: Event| {
        let id: u64 = event.parcel.message_id().parse().unwrap();
        assert_eq!(id, event.offset);
        ids.push(id);
    };
    // As cursors do: one event by the short way, the rest by the long one.
    if let Some(event) = reader.next_at_hand() {
        note(event);
    }
    let result = reader.scan(100, note);
    (ids, result)
}

fn poll_wait(reader: &mut Reader, waker: &Waker) -> Poll<eventstream_core::Result<()>> {
    reader.poll_wait(|| Ok(()), &mut Context::from_waker(waker))
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
        let mut reader = reader(&log, 0, &EventTypes::any());
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (ids, result) = scan(&mut reader);
            assert!(matches!(result.unwrap(), Scan::Done | Scan::AtEnd));
            seen.extend(ids);
            assert!([0, 2, 4].contains(&seen.len()));
            assert_eq!(reader.position(), seen.len() as u64);
        }
        writer.join().unwrap();
        seen.extend(scan(&mut reader).0);
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
        let mut reader = reader(&log, 0, &EventTypes::from("odd"));
        let (mut ids, _) = scan(&mut reader);
        writer.join().unwrap();
        ids.extend(scan(&mut reader).0);
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
        let mut reader = reader(&log, 14, &EventTypes::any());
        let mut expected = 14;
        for _ in 0..2 {
            let (ids, result) = scan(&mut reader);
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
            let mut reader = reader(&log, 0, &types);
            let bell = Arc::new(Bell(Notify::new()));
            let waker = Waker::from(bell.clone());
            let mut seen = Vec::new();
            while seen.last() != Some(&1) {
                seen.extend(scan(&mut reader).0);
                match poll_wait(&mut reader, &waker) {
                    Poll::Ready(result) => result.unwrap(),
                    Poll::Pending if seen.last() == Some(&1) => {}
                    // Loom reports a deadlock if nobody rings.
                    Poll::Pending => bell.0.wait(),
                }
            }
            drop(reader);
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
        let mut reader = reader(&log, 0, &types);
        let bell = Arc::new(Bell(Notify::new()));
        let waker = Waker::from(bell.clone());
        assert!(poll_wait(&mut reader, &waker).is_pending());
        let writer = {
            let log = log.clone();
            thread::spawn(move || append(&log, 0..2))
        };
        // It looks again in between, whether or not it was woken.
        let (mut found, _) = scan(&mut reader);
        writer.join().unwrap();
        found.extend(scan(&mut reader).0);
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
        let mut reader = reader(&log, 0, &EventTypes::any());
        let bell = Arc::new(Bell(Notify::new()));
        let waker = Waker::from(bell.clone());
        while poll_wait(&mut reader, &waker).is_pending() {
            bell.0.wait();
        }
        owner.join().unwrap();
    });
}

#[test]
fn a_sleeper_is_woken_when_it_is_closed() {
    loom::model(|| {
        let log = log(100);
        let mut reader = reader(&log, 0, &EventTypes::any());
        let closed = Arc::new(AtomicBool::new(false));
        let closing = {
            let (closed, wake) = (closed.clone(), reader.waking());
            thread::spawn(move || {
                closed.store(true, Ordering::Release);
                wake();
            })
        };
        let bell = Arc::new(Bell(Notify::new()));
        let waker = Waker::from(bell.clone());
        let check = || match closed.load(Ordering::Acquire) {
            true => Err(Error::CursorClosed),
            false => Ok(()),
        };
        while reader.poll_wait(check, &mut Context::from_waker(&waker)).is_pending() {
            bell.0.wait();
        }
        closing.join().unwrap();
    });
}

/// Whether nobody but these models keeps this parcel.
fn is_freed(parcel: Parcel) -> bool {
    parcel.wire().is_unique()
}

fn own_parcel(id: u32) -> Parcel {
    Parcel::from_wire(PARCELS[id as usize].wire().to_vec().into()).unwrap()
}

#[test]
fn a_reader_that_rests_keeps_nothing_that_is_truncated() {
    loom::model(|| {
        // One event is kept, in chunks of sixteen: the first chunk goes with the seventeenth.
        let log = log(1);
        append(&log, 0..15);
        let last = own_parcel(15);
        log.write(|state| state.append_one(last.clone())).unwrap();
        let writer = {
            let log = log.clone();
            thread::spawn(move || append(&log, 16..17))
        };
        let mut reader = reader(&log, 15, &EventTypes::any());
        let (ids, _) = scan(&mut reader);
        assert!(ids.len() <= 2, "{ids:?}");
        writer.join().unwrap();
        assert!(is_freed(last));
    });
}

#[test]
fn a_reader_never_takes_what_was_skipped_for_what_is_there() {
    for types in [EventTypes::any(), EventTypes::from("odd"), EventTypes::from("even")] {
        loom::model(move || {
            let log = log(100);
            let first = own_parcel(0);
            log.write(|state| state.append_one(first.clone())).unwrap();
            let writer = {
                let log = log.clone();
                thread::spawn(move || {
                    // To an offset that the first chunk has a slot for.
                    log.write(|state| state.skip_to(3));
                    append(&log, 3..5);
                })
            };
            let mut reader = reader(&log, 0, &types);
            let (ids, _) = scan(&mut reader);
            // Even ones are 0 and 4, odd ones 3: those that come are of the types asked for.
            assert!(ids.iter().all(|id| types.contains(PARCELS[*id as usize].event_type())));
            assert!(ids.first().is_none_or(|id| *id == 0 || *id >= 3));
            writer.join().unwrap();
            assert!(is_freed(first));
        });
    }
}
