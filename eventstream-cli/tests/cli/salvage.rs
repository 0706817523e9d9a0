use serde_json::Value;

use crate::{chance::Chance, harness::*, original::Original};

fn salvage(place: &Place) -> Done {
    run(place.command("salvage", &[]), b"")
}

#[test]
fn a_good_store_is_written_out_whole() {
    let place = Place::with(SAMPLE);
    let done = salvage(&place);
    done.assert_ok();
    assert!(done.stdout == SAMPLE);
}

#[test]
fn what_can_be_read_of_a_damaged_one_makes_a_new_one() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    let (place, done) = std::iter::repeat_with(|| original.flipped(&mut chance).0)
        .take(200)
        .find_map(|place| {
            let done = salvage(&place);
            let is_partial = done.code == Some(1) && !done.stdout.is_empty();
            (is_partial && done.stderr.contains(": offset")).then_some((place, done))
        })
        .expect("one of many changes should concern some events");

    let mut left_out = 0;
    for line in done.stderr.lines().filter_map(|it| it.strip_prefix("warning: left out: ")) {
        // "offset 5: …", or "offsets 5 to 7: …".
        let (_, offsets) = line.split_once(": offset").unwrap();
        let (offsets, _) = offsets.split_once(": ").unwrap();
        let numbers: Vec<u64> = offsets.split(' ').filter_map(|it| it.parse().ok()).collect();
        left_out += numbers.last().unwrap() + 1 - numbers[0];
    }
    assert_eq!(done.stdout.lines().count() as u64 + left_out, original.lines.len() as u64);
    let named = format!("error: {} is damaged in ", place.store.display());
    assert!(done.stderr.contains(&named), "{}", done.stderr);
    let hint = done.stderr.lines().last().unwrap();
    assert!(hint.starts_with("hint: "), "{}", done.stderr);
    assert!(hint.contains("eventstream append --store NEW --application default:"), "{hint}");

    let new = Place::new();
    new.append(&[], &done.stdout).assert_ok();
    assert!(new.exported() == done.stdout);
    new.verify();
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let place = Place::with(SAMPLE);
    let mut running = place.start_unread("salvage", &[]);
    let first: Value = serde_json::from_str(&running.first_line_unread()).unwrap();
    assert!(first["id"].is_string());
    running.close_output();
    running.end().assert_ok();
}
