//! Ids are found where they are, and nowhere else, whatever is done to the files: compared with a
//! map.

use std::collections::HashMap;

use eventstream_core::Error;

use super::fixture::{FIRST, Fixture};

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A number of an event, and where it is.
type Known = HashMap<u64, u64>;

/// Appends these, and says what must come of it.
fn append(store: &mut Fixture, numbers: std::ops::Range<u64>, known: &mut Known, next: &mut u64) {
    let places: Vec<_> = numbers.clone().map(|number| known.get(&number).copied()).collect();
    let outcome = store.append(numbers.clone()).unwrap();
    if places.iter().all(Option::is_none) {
        let count = numbers.end - numbers.start;
        assert_eq!(outcome.unwrap(), *next..*next + count, "{numbers:?} are new");
        known.extend(numbers.zip(*next..));
        *next += count;
        return;
    }
    let first = places[0];
    let is_run = places
        .iter()
        .zip(0..)
        .all(|(place, n)| place.is_some() && *place == first.map(|first| first + n));
    match outcome {
        Ok(range) => {
            assert!(is_run, "{numbers:?} were taken for a repetition");
            assert_eq!(Some(range.start), first, "{numbers:?}");
        }
        Err(Error::DuplicateMessage { .. }) => assert!(!is_run, "{numbers:?} are a repetition"),
        Err(error) => panic!("{numbers:?}: {error}"),
    }
}

/// `EVENTSTREAM_ID_STEPS` makes it longer.
#[test]
fn ids_are_found_as_in_a_map_whatever_is_done() {
    let steps = std::env::var("EVENTSTREAM_ID_STEPS").ok();
    let steps: u64 = steps.map_or(4_000, |steps| steps.parse().unwrap());
    let seed = std::env::var("EVENTSTREAM_ID_SEED").ok();
    let mut random = Random(seed.map_or(0x9e37_79b9_7f4a_7c15, |seed| seed.parse().unwrap()));
    let one = Fixture::create(4096);
    // Another process, with longer logs.
    let other = Fixture::open(one.disk.clone(), 8192).unwrap();
    let mut stores = [one, other];
    let (mut known, mut next, mut number) = (Known::new(), FIRST, 0);
    for step in 0..steps {
        let which = usize::try_from(random.below(2)).unwrap();
        let store = &mut stores[which];
        match random.below(100) {
            0..50 => {
                let count = if random.below(20) == 0 { 60 } else { random.below(6) + 1 };
                append(store, number..number + count, &mut known, &mut next);
                number += count;
            }
            // Old ones, or some that are partly new.
            50..85 if number > 0 => {
                let first = random.below(number);
                append(store, first..first + random.below(4) + 1, &mut known, &mut next);
                number = number.max(first + 4);
            }
            85..94 => {
                store.tidy().unwrap();
            }
            94..96 => store.rotate().unwrap(),
            96..98 => {
                let oldest = next.saturating_sub(random.below(2_000)).max(FIRST);
                store.truncate(oldest).unwrap();
                let oldest = store.core.oldest();
                known.retain(|_, place| *place >= oldest);
            }
            _ => {
                let disk = store.disk.clone();
                stores[which] = Fixture::open(disk, 4096).unwrap();
            }
        }
        if step % 500 == 499 {
            let report = stores[0].verify().unwrap();
            assert!(report.is_clean(), "{:?}", report.problems);
        }
    }
}
