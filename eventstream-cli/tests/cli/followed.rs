//! Several programs append to a store, and several follow it.

use std::thread;

use crate::{authors::Authors, book::acknowledgement, chance::Chance, harness::*};

const AUTHORS: usize = 2;
const EVENTS: u64 = 20_000;

#[test]
fn all_who_follow_a_store_see_the_same() {
    let chance = Chance::new();
    let authors = Authors::new(chance.seed);
    let place = Place::new();
    place.append(&["--application", "default"], "").assert_ok();
    let count = (AUTHORS as u64 * EVENTS).to_string();
    let inputs: Vec<String> = (0..AUTHORS).map(|author| authors.lines(author, 0..EVENTS)).collect();

    let tails = [0; 2].map(|_| place.start("tail", &["-o", "json", "-n", &count]));
    let (acknowledged, outputs) = thread::scope(|scope| {
        let appends: Vec<_> = inputs
            .iter()
            .map(|input| {
                let place = &place;
                scope.spawn(move || place.append(&["--ack", "--batch", "100"], input))
            })
            .collect();
        let tails = tails.map(|tail| scope.spawn(move || tail.end()));
        let acknowledged: Vec<Done> = appends.into_iter().map(|it| it.join().unwrap()).collect();
        (acknowledged, tails.map(|it| it.join().unwrap()))
    });

    let [one, other] = outputs;
    one.assert_ok();
    other.assert_ok();
    assert!(one.stdout == other.stdout, "the two have seen different events");
    let mut seen = vec![Vec::new(); AUTHORS];
    for (line, expected) in one.stdout.lines().zip(0..) {
        let (offset, author, number) = authors.recognize(line);
        assert_eq!(offset, expected, "a gap: {line}");
        assert_eq!(number, seen[author].len() as u64, "left out, or there twice: {line}");
        seen[author].push(offset);
    }
    for (seen, done) in seen.iter().zip(&acknowledged) {
        done.assert_ok();
        let told: Vec<u64> = done.stdout.lines().filter_map(acknowledgement).flatten().collect();
        assert_eq!((seen.len() as u64, seen), (EVENTS, &told));
    }
}
