use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    authors::Authors,
    chance::Chance,
    harness::*,
    original::{EVENTS, Original},
};

fn verify(place: &Place, args: &[&str]) -> Done {
    run(place.command("verify", args), b"")
}

#[test]
fn a_good_store_is_found_good() {
    let place = Place::with(SAMPLE);
    let done = verify(&place, &[]);
    done.assert_ok();
    assert!(done.stdout.contains("\nevents  1,000 events, offsets 0 to 999\n"), "{}", done.stdout);
    assert!(done.stdout.ends_with("\nresult  no damage\n"), "{}", done.stdout);

    let done = verify(&place, &["-o", "json"]);
    done.assert_ok();
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(said["clean"], true);
    assert_eq!(said["problems"], json!([]));
    let numbers = ["first_offset", "next_offset", "events"].map(|it| said[it].as_u64().unwrap());
    assert_eq!(numbers, [0, 1000, 1000]);
    assert!(said["bytes"].as_u64().unwrap() > 0 && said["files"].as_u64().unwrap() > 0);
}

#[test]
fn an_empty_store_and_what_is_left_of_one_are_good() {
    let place = Place::new();
    place.append(&["--application", "shop"], "").assert_ok();
    place.verify();
    place.append(&[], SAMPLE).assert_ok();
    for before in ["1", "500", "1000"] {
        run(place.command("truncate", &["--before", before]), b"").assert_ok();
        place.verify();
        run(place.command("compact", &[]), b"").assert_ok();
        place.verify();
    }
}

#[test]
fn damage_is_named_with_what_to_do() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    // There are places that nothing depends on.
    let (place, said) = std::iter::repeat_with(|| original.flipped(&mut chance).0)
        .take(200)
        .find_map(|place| {
            let done = verify(&place, &["-o", "json"]);
            let said: Value = serde_json::from_str(&done.stdout).ok()?;
            // Not in something beside the events, which are all there.
            let is_seen = place.tail(&["--exit-at-end"]).code == Some(1);
            let has_offsets = said["problems"][0]["last_offset"].is_u64();
            (is_seen && has_offsets).then_some((place, said))
        })
        .expect("one of many changes should be found to concern some events");
    assert_eq!(said["clean"], false);
    let problem = &said["problems"][0];
    let [first, last] = ["first_offset", "last_offset"].map(|it| problem[it].as_u64().unwrap());
    assert!(first <= last && last < EVENTS, "{said}");
    assert!(place.store.join(problem["file"].as_str().unwrap()).exists(), "{said}");

    let done = place.tail(&["--exit-at-end"]);
    done.assert_failed(&format!("the events at offsets {first} to {last} are damaged"));
    let hint = format!("hint: eventstream verify --store {} ", place.store.display());
    assert!(done.stderr.contains(&hint), "{}", done.stderr);

    let done = verify(&place, &[]);
    done.assert_failed("is damaged");
    for part in [
        if first == last {
            format!(": offset {first}: ")
        } else {
            format!(": offsets {first} to {last}: ")
        },
        format!("    eventstream salvage --store {} |\n", place.store.display()),
        "    eventstream append --store NEW --application default:".to_owned(),
        format!("    eventstream truncate --store {} --before ", place.store.display()),
    ] {
        assert!(done.stdout.contains(&part), "{part}\n{}", done.stdout);
    }

    // As it is said there.
    let (_, before) = done.stdout.split_once(" --before ").unwrap();
    run(place.command("truncate", &["--before", before.trim()]), b"").assert_ok();
    place.verify();
}

#[test]
fn what_follows_from_the_events_is_made_anew() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    let (mut mended, mut copies) = (0, 0);
    for _ in 0..30 {
        let (place, what) = original.flipped(&mut chance);
        let done = verify(&place, &[]);
        let advice = format!("    eventstream compact --store {}\n", place.store.display());
        if !done.stdout.contains(&advice) {
            continue;
        }
        done.assert_failed("is damaged");
        assert!(done.stdout.contains("No event is lost"), "{done:?}");
        let compacted = run(place.command("compact", &[]), b"");
        assert_eq!(compacted.code, Some(0), "{what}: {compacted:?}\n{}", done.stdout);
        let again = verify(&place, &[]);
        if again.code != Some(0) {
            let copy = Place::new();
            let to = copy.store.display().to_string();
            let backup = run(place.command("backup", &["--to", &to]), b"");
            assert_eq!(backup.code, Some(0), "{what}: {backup:?}");
            let again = verify(&copy, &[]);
            assert_eq!(again.code, Some(0), "{what}: {again:?}");
            copies += 1;
        }
        let shown = place.tail(&["--exit-at-end", "-o", "json"]);
        assert!(shown.stdout.lines().eq(&original.lines), "{what}: other events");
        mended += 1;
    }
    println!("{mended} stores were mended, {copies} of them by copying");
}

#[test]
fn an_interrupt_ends_it_promptly() {
    let mut chance = Chance::new();
    let place = Place::new();
    let authors = Authors::new(chance.seed);
    place.append(&[], authors.lines(0, 0..20_000)).assert_ok();
    for _ in 0..10 {
        let verify = place.start("verify", &[]);
        thread::sleep(Duration::from_micros(chance.u64(..60_000)));
        let begin = Instant::now();
        verify.signal(Signal::INT);
        let done = verify.end();
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
        match done.code {
            Some(0) => done.assert_ok(),
            Some(_) => done.assert_failed("interrupted"),
            // Before it listens, the signal ends it by itself.
            None => {}
        }
    }
}
