use std::ops::Range;

use serde_json::Value;

use crate::{authors::Authors, harness::*};

/// What a store has to have: what was acknowledged, and what was seen in it.
pub(crate) struct Book {
    pub(crate) authors: Authors,
    /// Where the events of each author were seen, by their numbers.
    seen: Vec<Vec<u64>>,
    /// Where each author's events are, as it was told when they were acknowledged.
    acknowledged: Vec<Vec<u64>>,
    next: u64,
}

impl Book {
    pub(crate) fn new(seed: u64, authors: usize) -> Self {
        Self {
            authors: Authors::new(seed),
            seen: vec![Vec::new(); authors],
            acknowledged: vec![Vec::new(); authors],
            next: 0,
        }
    }

    /// How many of the author's events were acknowledged.
    pub(crate) fn acknowledged(&self, author: usize) -> u64 {
        self.acknowledged[author].len() as u64
    }

    pub(crate) fn acknowledged_in_all(&self) -> usize {
        self.acknowledged.iter().map(Vec::len).sum()
    }

    /// How many of the author's events are in the store.
    pub(crate) fn seen(&self, author: usize) -> u64 {
        self.seen[author].len() as u64
    }

    /// Notes a line that acknowledges events; passes over one that sums up.
    pub(crate) fn acknowledge(&mut self, author: usize, line: &str) {
        if let Some(range) = acknowledgement(line) {
            self.acknowledged[author].extend(range);
        }
    }

    /// Reads what is new in the store, and checks that it follows what was there: no offset is left
    /// out, each author's events stand in the order they were written in, each once, and those that
    /// were acknowledged stand where they are said to be.
    pub(crate) fn read(&mut self, place: &Place) {
        let from = self.next.to_string();
        let done = place.tail(&["--exit-at-end", "-o", "json", "--from", &from]);
        // With nothing new there is a note about it.
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        for line in done.stdout.lines() {
            self.see(line);
        }
        for (author, acknowledged) in self.acknowledged.iter().enumerate() {
            let seen = &self.seen[author];
            assert!(
                seen.starts_with(acknowledged),
                "author {author}: {} acknowledged, {} there, different from {:?} on",
                acknowledged.len(),
                seen.len(),
                seen.iter().zip(acknowledged).position(|(seen, told)| seen != told),
            );
        }
    }

    /// Reads all of it anew, and finds the same.
    pub(crate) fn read_again(&mut self, place: &Place) {
        let nothing = vec![Vec::new(); self.seen.len()];
        let before = std::mem::replace(&mut self.seen, nothing);
        self.next = 0;
        self.read(place);
        assert!(before == self.seen, "what was there has changed");
    }

    fn see(&mut self, line: &str) {
        let (offset, author, number) = self.authors.recognize(line);
        assert_eq!(offset, self.next, "a gap: {line}");
        assert_eq!(number, self.seen(author), "left out, or there twice: {line}");
        self.seen[author].push(offset);
        self.next += 1;
    }
}

/// The offsets that a line acknowledges.
pub(crate) fn acknowledgement(line: &str) -> Option<Range<u64>> {
    let value: Value = serde_json::from_str(line).unwrap();
    let number = |name: &str| value[name].as_u64();
    number("appended").is_none().then(|| number("first").unwrap()..number("next").unwrap())
}
