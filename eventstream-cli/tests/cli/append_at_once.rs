//! Several programs append to one store.

use std::thread;

use serde_json::Value;

use crate::harness::*;

fn numbers(done: &Done) -> (u64, u64) {
    let tally: Value = serde_json::from_str(done.last_line()).unwrap();
    (tally["appended"].as_u64().unwrap(), tally["duplicates"].as_u64().unwrap())
}

/// Appends the inputs at once.
fn at_once(place: &Place, args: &[&str], inputs: &[String]) -> Vec<(u64, u64)> {
    // The store is there before, so that all begin together.
    place.append(&["--application", "default"], "").assert_ok();
    thread::scope(|scope| {
        let programs: Vec<_> =
            inputs.iter().map(|input| scope.spawn(move || place.append(args, input))).collect();
        programs
            .into_iter()
            .map(|program| {
                let done = program.join().unwrap();
                done.assert_ok();
                numbers(&done)
            })
            .collect()
    })
}

#[test]
fn the_same_input_is_appended_once_and_counted_once() {
    for batch in ["100", "7"] {
        let place = Place::new();
        let inputs = vec![events(0..300); 4];
        let counted = at_once(&place, &["--batch", batch], &inputs);
        assert_eq!(counted.iter().map(|(appended, _)| appended).sum::<u64>(), 300, "{counted:?}");
        assert!(counted.iter().all(|(appended, duplicates)| appended + duplicates == 300));
        // Each began with the first event, and went on in order.
        assert_eq!(place.exported(), events(0..300));
    }
}

#[test]
fn different_inputs_are_all_appended() {
    let place = Place::new();
    let inputs: Vec<String> = (0..4).map(|n| events((0..200).map(|id| n * 1000 + id))).collect();
    let counted = at_once(&place, &["--batch", "10"], &inputs);
    assert_eq!(counted, [(200, 0); 4]);
    let exported = place.exported();
    assert_eq!(exported.lines().count(), 800);
    for input in inputs {
        let mut rest = exported.lines();
        assert!(input.lines().all(|line| rest.any(|it| it == line)), "out of order");
    }
}

#[test]
fn inputs_that_overlap_are_appended_once() {
    let place = Place::new();
    let inputs = [0, 50, 100, 150].map(|first| events(first..first + 200));
    let counted = at_once(&place, &["--batch", "9"], &inputs);
    assert_eq!(counted.iter().map(|(appended, _)| appended).sum::<u64>(), 350, "{counted:?}");
    let exported = place.exported();
    let mut lines: Vec<&str> = exported.lines().collect();
    lines.sort_unstable();
    let all = events(0..350);
    let mut expected: Vec<&str> = all.lines().collect();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}
