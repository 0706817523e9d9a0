//! Copies from one engine to another.

use std::{path::Path, process::Command, thread, time::Duration};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    chance::{Chance, rounds},
    elsewhere::{Elsewhere, history},
    harness::*,
    nats, postgres,
};

fn directory(path: &Path) -> Elsewhere {
    Elsewhere(path.to_str().unwrap().to_owned())
}

fn command(from: &Elsewhere, to: &Elsewhere, args: &[&str]) -> Command {
    let mut program = program();
    program.args(["copy", "--from", &from.0, "--to", &to.0]).args(args);
    program
}

fn copy(from: &Elsewhere, to: &Elsewhere) -> Done {
    run(command(from, to, &["-o", "json"]), b"")
}

/// Copies, which has to go well, and says how many events were copied, and how many were there.
#[track_caller]
fn copied(from: &Elsewhere, to: &Elsewhere) -> (u64, u64) {
    let done = copy(from, to);
    done.assert_ok();
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    (said["copied"].as_u64().unwrap(), said["already_there"].as_u64().unwrap())
}

/// The first store, and a copy of the copy in each other engine, and back.
fn chain(place: &Place, first: Elsewhere) -> Vec<Elsewhere> {
    let mut chain = vec![first];
    let new = nats::location(nats::Program::New);
    chain.extend([postgres::location(), new].into_iter().flatten().map(Elsewhere));
    chain.push(directory(&place.path().join("last")));
    chain
}

/// All fields of all events, with their offsets.
fn full(store: &Elsewhere) -> String {
    let done = store.run("tail", &["--exit-at-end", "-o", "json"]);
    done.assert_ok();
    done.stdout
}

#[test]
fn a_history_goes_through_all_engines_and_back() {
    let place = Place::new();
    let history = history();
    let first = directory(&place.store);
    first.append(&["--application", "history:k-1"], &history).assert_ok();
    let chain = chain(&place, first);
    for pair in chain.windows(2) {
        let (count, there) = copied(&pair[0], &pair[1]);
        assert_eq!((count, there), (history.lines().count() as u64, 0), "{}", pair[1].0);
        assert_eq!(copied(&pair[0], &pair[1]), (0, count));
    }
    let (first, last) = (&chain[0], &chain[chain.len() - 1]);
    assert_eq!(last.exported(), first.exported());
    assert_eq!(full(last), full(first));
    run(last.command("verify", &[]), b"").assert_ok();
    println!("{} events through {} stores", history.lines().count(), chain.len());
}

#[test]
fn a_server_that_stores_one_at_a_time_is_copied_to() {
    let Some(location) = nats::location(nats::Program::Old) else { return };
    let place = Place::with(&events(0..50));
    let (first, copy) = (directory(&place.store), Elsewhere(location));
    assert_eq!(copied(&first, &copy), (50, 0));
    assert_eq!(full(&copy), full(&first));
}

#[test]
fn a_copy_begins_where_its_original_does() {
    let place = Place::with(&events(0..100));
    let first = directory(&place.store);
    first.run("truncate", &["--before", "40"]).assert_ok();
    let chain = chain(&place, first);
    for pair in chain.windows(2) {
        assert_eq!(copied(&pair[0], &pair[1]), (60, 0));
        assert_eq!(full(&pair[1]), full(&pair[0]));
    }
    // What was truncated on one side only is no obstacle.
    chain[0].append(&[], events(100..110)).assert_ok();
    chain[0].run("truncate", &["--before", "60"]).assert_ok();
    chain[1].run("truncate", &["--before", "70"]).assert_ok();
    assert_eq!(copied(&chain[0], &chain[1]), (10, 30));
    assert_eq!(chain[1].exported(), events(70..110));
    // All is gone that could be copied.
    let empty = directory(&place.path().join("empty"));
    chain[0].run("truncate", &["--before", "110"]).assert_ok();
    assert_eq!(copied(&chain[0], &empty), (0, 0));
    chain[0].append(&[], events(110..112)).assert_ok();
    assert_eq!(copied(&chain[0], &empty), (2, 0));
    assert_eq!(full(&empty), full(&chain[0]));
}

#[test]
fn a_copy_that_is_killed_or_interrupted_goes_on_where_it_was() {
    let place = Place::new();
    let first = directory(&place.store);
    first.append(&[], SAMPLE).assert_ok();
    let mut chance = Chance::new();
    let kills = rounds("EVENTSTREAM_KILLS", 20);
    let targets = [postgres::location(), nats::location(nats::Program::New)];
    let targets = targets.into_iter().flatten().map(Elsewhere);
    let other = directory(&place.path().join("copy"));
    for target in targets.chain([other]) {
        let mut interrupted = 0;
        // More each time, so that there is always something to be copied.
        for round in 0..kills {
            let new = 100_000 * (round + 1);
            first.append(&[], events(new..new + 2_000)).assert_ok();
            let mut command = command(&first, &target, &["-o", "json"]);
            command.stdin(std::process::Stdio::null());
            let copy = Running::start_with_input(command);
            // In a directory all of it takes less time than elsewhere the first batch.
            let longest = if target.0.contains("://") { 400_000 } else { 60_000 };
            thread::sleep(Duration::from_micros(chance.u64(..longest)));
            copy.signal(if chance.u32(..4) == 0 { Signal::INT } else { Signal::KILL });
            let done = copy.end();
            match done.code {
                None => interrupted += 1,
                Some(0) => {}
                // What was under way was finished, if that did not take too long.
                _ => {
                    interrupted += 1;
                    done.assert_failed("interrupted");
                    assert!(done.stderr.contains("hint: to go on"), "{done:?}");
                }
            }
        }
        copied(&first, &target);
        assert_eq!(full(&target), full(&first), "{}", target.0);
        println!("{}: {interrupted} of {kills} copies were ended", target.0);
    }
}

#[test]
fn an_interrupt_ends_a_copy_and_it_goes_on() {
    let place = Place::new();
    let (first, target) = (directory(&place.store), directory(&place.path().join("copy")));
    first.append(&[], SAMPLE).assert_ok();
    let follow = Running::start(command(&first, &target, &["--follow", "-o", "json"]));
    // What comes is copied, too.
    let mut tail = Running::start(program_that_waits(&target));
    first.append(&[], events(0..3)).assert_ok();
    for _ in 0..1003 {
        tail.line();
    }
    follow.signal(Signal::INT);
    let done = follow.end();
    done.assert_ok();
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(said["next_offset"], 1003, "{done:?}");
    first.append(&[], events(3..5)).assert_ok();
    assert_eq!(copied(&first, &target), (2, 1003));
    assert_eq!(full(&target), full(&first));
}

/// Follows a store as soon as it is there.
fn program_that_waits(store: &Elsewhere) -> Command {
    let path = Path::new(&store.0).join("store");
    while !path.exists() {
        thread::yield_now();
    }
    store.command("tail", &["-o", "json"])
}

#[test]
fn what_would_mix_is_refused_and_changes_nothing() {
    let place = Place::with(&events(0..20));
    let first = directory(&place.store);
    let new = nats::location(nats::Program::New);
    let elsewhere = [postgres::location(), new].into_iter().flatten().map(Elsewhere);
    let here = directory(&place.path().join("target"));
    for target in elsewhere.chain([here]) {
        let refused = |from: &Elsewhere, said: &str| {
            let before = full(&target);
            let done = copy(from, &target);
            done.assert_failed(said);
            assert!(done.stderr.contains("hint: "), "{done:?}");
            assert_eq!(full(&target), before);
        };
        let made = |name: &str, input: String| {
            let store = directory(&tempfile::tempdir_in(place.path()).unwrap().keep().join(name));
            store.append(&[], input).assert_ok();
            store
        };
        assert_eq!(copied(&first, &target), (20, 0));
        // The end differs, or the beginning, or what an event with the same id says.
        refused(&made("end", events(0..19) + &events(50..60)), "they are different streams");
        refused(&made("begin", events(30..31) + &events(1..30)), "they are different streams");
        let changed = events(0..20).replace("{\"id\":19}", "{\"id\":0}");
        refused(&made("content", changed), "the same id and another content");
        refused(&made("shorter", events(0..10)), "that has events up to offset 20");
        // Not all that is missing is there.
        let truncated = made("truncated", events(0..40));
        truncated.run("truncate", &["--before", "30"]).assert_ok();
        refused(&truncated, "it begins at 30");
        let truncated = made("edge", events(0..40));
        truncated.run("truncate", &["--before", "20"]).assert_ok();
        refused(&truncated, "no event in common");
        refused(&Elsewhere(target.0.clone()), "it is the same store");
        // The first one is as it was, and so is the copy.
        assert_eq!(copied(&first, &target), (0, 20));
    }
}

#[test]
fn another_application_is_refused() {
    let place = Place::with(&events(0..3));
    let first = directory(&place.store);
    let new = nats::location(nats::Program::New).map(Elsewhere);
    for target in new.into_iter().chain([directory(&place.path().join("target"))]) {
        target.append(&["--application", "other:k-9"], events(0..3)).assert_ok();
        let before = full(&target);
        copy(&first, &target).assert_failed("other (k-9)");
        assert_eq!(full(&target), before);
    }
    // In a database there is room for both, also if one has the name of the other.
    let Some(location) = postgres::location() else { return };
    let target = Elsewhere(location);
    target.append(&["--application", "default:k-9"], events(0..3)).assert_ok();
    assert_eq!(copied(&first, &target), (3, 0));
    // Of which one is meant then.
    let back = directory(&place.path().join("back"));
    copy(&target, &back).assert_failed("several applications");
    let key = "x:e72e6fba-8ed3-5cde-9ff6-36f062e1e51b";
    let done = run(command(&target, &back, &["--application", key, "-o", "json"]), b"");
    done.assert_ok();
    assert_eq!(full(&back), full(&first));
}

#[test]
fn what_was_done_can_be_read() {
    let place = Place::with(&events(0..3));
    let (first, target) = (directory(&place.store), directory(&place.path().join("copy")));
    let done = run(command(&first, &target, &[]), b"");
    done.assert_ok();
    assert_eq!(
        done.stdout,
        "3 events copied: the copy has offsets from 0 on, and its next one is 3\n"
    );
    let done = run(command(&first, &target, &[]), b"");
    assert!(done.stdout.starts_with("0 events copied, 3 there before: "), "{done:?}");
    let nowhere = directory(&place.path().join("nowhere"));
    copy(&nowhere, &target).assert_failed("there is no store at");
    assert!(!Path::new(&nowhere.0).exists());
}
