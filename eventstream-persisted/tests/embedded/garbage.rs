//! Whole files are lost, swapped, copied under other names, or filled with garbage: what can be read
//! is right, and what can't is said.

use std::{
    fs,
    path::{Path, PathBuf},
};

use eventstream_core::{EventStore, Expect};
use eventstream_persisted::{EmbeddedStore, Salvaged, VerifyReport};

use crate::support::{create_with, parcels};

const EVENTS: u64 = 1_203;

/// Xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<'a>(&mut self, files: &'a [PathBuf]) -> &'a Path {
        let place = self.below(files.len() as u64);
        &files[usize::try_from(place).unwrap()]
    }
}

fn files_of(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Does something to a store; says what.
fn harm(random: &mut Random, directory: &Path) -> String {
    let files = files_of(directory);
    let (one, other) = (random.one_of(&files), random.one_of(&files));
    let (this, that) = (one.display(), other.display());
    match random.below(6) {
        0 => {
            let len = fs::metadata(one).unwrap().len();
            let garbage: Vec<u8> = (0..len).map(|_| random.next().to_le_bytes()[0]).collect();
            fs::write(one, garbage).unwrap();
            format!("garbage in {this}")
        }
        1 => {
            fs::write(one, b"").unwrap();
            format!("nothing in {this}")
        }
        2 => {
            fs::remove_file(one).unwrap();
            format!("no {this}")
        }
        3 => {
            let (first, second) = (fs::read(one).unwrap(), fs::read(other).unwrap());
            fs::write(one, second).unwrap();
            fs::write(other, first).unwrap();
            format!("{this} for {that}")
        }
        kind => {
            let kind = if kind == 4 { "segment" } else { "ids" };
            let (first, next) = (random.below(1_200), 1_200 + random.below(4));
            let name = format!("{first:020}-{next:020}.{kind}");
            fs::copy(other, directory.join(&name)).unwrap();
            format!("{that} as {name}")
        }
    }
}

/// Saves what can be saved; returns how many events that is, and how often something was left out.
async fn salvage(store: &EmbeddedStore, what: &str) -> (u64, u64) {
    let (mut saved, mut damages) = (0, 0);
    let mut salvage = store.salvage();
    loop {
        let mut events = Vec::new();
        match salvage.next_batch(&mut events, 100).await.unwrap() {
            Salvaged::Events(_) => {}
            Salvaged::Damaged(_) => damages += 1,
            _ => break,
        }
        for event in events {
            assert_eq!(event.parcel.message_id(), format!("m-{}", event.offset), "{what}");
            saved += 1;
        }
        assert!(damages <= EVENTS, "{what}: it gets on");
    }
    (saved, damages)
}

/// `EVENTSTREAM_GARBAGE` makes it longer.
#[tokio::test]
async fn whatever_becomes_of_whole_files_what_is_read_is_right_and_the_rest_is_reported() {
    let rounds = std::env::var("EVENTSTREAM_GARBAGE").ok();
    let rounds: u64 = rounds.map_or(100, |rounds| rounds.parse().unwrap());
    let t = create_with(|builder| builder.segment_bytes(4096)).await;
    for first in (0..1_200).step_by(40) {
        t.store.append(parcels(first..first + 40), Expect::Any).await.unwrap();
        if first == 800 {
            t.store.compact().await.unwrap();
        }
    }
    t.store.append(parcels(1_200..EVENTS), Expect::Any).await.unwrap();
    let path = t.path.clone();
    drop(t.store);
    let mut random = Random(0x0139_408d_cbbf_7a44);
    for round in 0..rounds {
        let directory = tempfile::tempdir().unwrap();
        for file in files_of(&path) {
            fs::copy(&file, directory.path().join(file.file_name().unwrap())).unwrap();
        }
        let harms = random.below(3) + 1;
        let what: Vec<_> = (0..harms).map(|_| harm(&mut random, directory.path())).collect();
        let what = format!("{round}: {}", what.join(", "));
        // Or it says that it is no store.
        let Ok(store) = EmbeddedStore::open(directory.path()).await else { continue };
        let report: VerifyReport = store.verify().await.unwrap();
        let (saved, damages) = salvage(&store, &what).await;
        assert_eq!(saved, report.events, "{what}");
        let stats = store.stats().await.unwrap();
        assert_eq!(stats.events_by_type.values().sum::<u64>(), saved, "{what}");
        if report.is_clean() {
            assert_eq!((damages, saved, report.next_offset), (0, EVENTS, EVENTS), "{what}");
        }
        // What is there is not stored again.
        match store.append(parcels([600]), Expect::Any).await {
            Ok(range) => assert!(range.start == 600 || !report.is_clean(), "{what}"),
            Err(_) => assert!(!report.is_clean(), "{what}"),
        }
        store.compact().await.unwrap();
        assert!(store.verify().await.unwrap().events >= report.events, "{what}");
    }
}
