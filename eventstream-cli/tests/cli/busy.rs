//! Programs append, follow, look after the store and read it, all at once.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread,
};

use serde_json::Value;

use crate::{
    authors::Authors,
    book::acknowledgement,
    chance::{Chance, rounds},
    harness::*,
};

const AUTHORS: usize = 2;
/// The follower may be so far behind that this is not yet truncated.
const KEPT: u64 = 500;

#[test]
fn whatever_is_done_with_a_store_at_once_nobody_notices() {
    let events = rounds("EVENTSTREAM_BUSY", 4_000);
    let mut chance = Chance::new();
    let authors = Authors::new(chance.seed);
    let place = Place::new();
    place.append(&["--application", "default"], "").assert_ok();
    let total = AUTHORS as u64 * events;
    let mut tail = place.start("tail", &["-o", "json", "-n", &total.to_string()]);
    let appending = AtomicUsize::new(AUTHORS);
    let shown = AtomicU64::new(0);

    let acknowledged: Vec<Vec<u64>> = thread::scope(|scope| {
        let (place, authors, appending, shown) = (&place, &authors, &appending, &shown);
        let appends: Vec<_> = (0..AUTHORS)
            .map(|author| {
                let batch = chance.u64(1..60).to_string();
                scope.spawn(move || {
                    let _over = Over(appending);
                    let input = authors.lines(author, 0..events);
                    let done = place.append(&["--ack", "--batch", &batch], input);
                    done.assert_ok();
                    done.stdout.lines().filter_map(acknowledgement).flatten().collect()
                })
            })
            .collect();
        let follower = scope.spawn(move || {
            let mut seen = [0; AUTHORS];
            for expected in 0..total {
                let (offset, author, number) = authors.recognize(&tail.line());
                assert_eq!((offset, number), (expected, seen[author]));
                seen[author] += 1;
                shown.store(expected + 1, Ordering::Relaxed);
            }
            tail.end().assert_ok();
        });
        while appending.load(Ordering::Relaxed) > 0 {
            look_after(place, authors, &mut chance, shown.load(Ordering::Relaxed));
        }
        follower.join().unwrap();
        appends.into_iter().map(|it| it.join().unwrap()).collect()
    });

    place.verify();
    let mut all = acknowledged.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..total), "offsets were given twice, or not at all");
    // What is left is the end of what was appended.
    is_an_end(&place, &authors, total);
}

/// One less appends, also if it has failed.
struct Over<'a>(&'a AtomicUsize);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Does something with the store that leaves its events as they are, or removes some of the `shown`.
fn look_after(place: &Place, authors: &Authors, chance: &mut Chance, shown: u64) {
    match chance.u32(..7) {
        0 => run(place.command("compact", &[]), b"").assert_ok(),
        1 => place.verify(),
        2 => run(place.command("stats", &[]), b"").assert_ok(),
        3 => drop(place.info()),
        4 => {
            let before = chance.u64(..=shown.saturating_sub(KEPT)).to_string();
            run(place.command("truncate", &["--before", &before]), b"").assert_ok();
        }
        5 => {
            let copy = Place::new();
            let to = copy.store.display().to_string();
            let done = run(place.command("backup", &["--to", &to, "-o", "json"]), b"");
            done.assert_ok();
            let said: Value = serde_json::from_str(&done.stdout).unwrap();
            copy.verify();
            is_an_end(&copy, authors, said["next_offset"].as_u64().unwrap());
        }
        _ => {
            // Truncation never comes so near to what is shown.
            let first = shown.saturating_sub(KEPT / 2);
            let args = ["--exit-at-end", "-o", "json", "--from", &first.to_string()];
            let done = place.tail(&args);
            assert_eq!(done.code, Some(0), "{done:?}");
            for (line, expected) in done.stdout.lines().zip(first..) {
                assert_eq!(authors.recognize(line).0, expected);
            }
        }
    }
}

/// What the store has are the events up to `next`, without a gap.
fn is_an_end(place: &Place, authors: &Authors, next: u64) {
    let done = place.tail(&["--exit-at-end", "-o", "json"]);
    done.assert_ok();
    let offsets: Vec<u64> = done.stdout.lines().map(|line| authors.recognize(line).0).collect();
    let first = next - offsets.len() as u64;
    assert!(offsets.into_iter().eq(first..next), "there is a gap");
}
