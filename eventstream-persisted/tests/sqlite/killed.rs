//! A process that consumes is killed, at random moments.

use std::{env, thread};

use crate::{
    child::{self, Running, Told},
    consuming::Consuming,
    support::*,
};

const TEST: &str = "killed::each_event_has_one_effect_after_every_kill";

/// So many events there are at least that were not consumed: more than a process consumes before it
/// is killed, unless it runs far ahead of what it tells.
const AHEAD: u64 = 2000;

#[test]
fn each_event_has_one_effect_after_every_kill() {
    if let Some(task) = child::task() {
        return Consuming::run(&task);
    }
    let kills = number("EVENTSTREAM_KILLS").unwrap_or(50);
    let seed = number("EVENTSTREAM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let _seed = SayIfItFails(seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();

    let place = Place::new();
    let store = runtime.block_on(place.store_of(AHEAD));
    // The tables are there to be looked at, whenever the first process is killed.
    drop(runtime.block_on(place.recording()));
    let (mut appended, mut done, mut undone) = (AHEAD, 0, 0);
    for round in 0..kills {
        if appended < done + AHEAD {
            runtime.block_on(append(&store, appended..done + 2 * AHEAD));
            appended = done + 2 * AHEAD;
        }
        // In a third of them the process stands still in the middle of a transaction: the kill
        // surely hits it. In the others it runs on while the kill comes.
        let mut consuming = Consuming::of(&place, [1, 7, 50][random.usize(..3)]);
        consuming.hold = (round % 3 == 0).then(|| done + random.u64(..100));
        let mut process = consuming.start(TEST);
        let told = tells(&mut process, random.u32(1..150), consuming.hold.is_some());
        process.kill();
        let (mut kept, mut applied) = (done, done);
        for told in told.into_iter().chain(std::iter::from_fn(|| process.tells())) {
            match told {
                Told::Kept(next) => kept = kept.max(next),
                Told::Applied(offset) | Told::Holding(offset) => applied = offset + 1,
            }
        }
        let now = place.check_effects();
        assert!(now >= kept, "{kept} were said to be kept, {now} are");
        assert!(now <= applied, "{now} are kept, and {applied} were begun");
        if let Some(hold) = consuming.hold {
            // What it held was not committed, and is undone with its batch.
            assert!(now <= hold, "{now} are kept, and {hold} was not committed");
        }
        undone += applied - now;
        let check: String =
            place.sql().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        done = now;
    }
    // And then one comes to the end.
    let mut process = Consuming::of(&place, 50).start(TEST);
    while done < appended {
        if let Told::Kept(next) = process.tells().unwrap() {
            done = next;
        }
    }
    process.end();
    assert_eq!(place.check_effects(), appended);
    assert!(undone > 0 || kills == 0, "no kill has hit a transaction");
    println!("{kills} kills: {appended} effects, {undone} were undone");
}

/// Waits until it has told so much, or holds.
fn tells(process: &mut Running, lines: u32, holds: bool) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        let next = process.tells().unwrap();
        told.push(next);
        if matches!(next, Told::Holding(_)) || !holds && told.len() >= lines as usize {
            return told;
        }
    }
}

/// Prints the seed of a test that fails.
struct SayIfItFails(u64);

impl Drop for SayIfItFails {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("to have the same numbers again: EVENTSTREAM_SEED={}", self.0);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text:?}")))
}
