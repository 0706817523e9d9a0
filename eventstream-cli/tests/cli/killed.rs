//! Programs that append are killed, at random moments.

use std::{fs, io::Write, thread, time::Duration};

use rustix::process::Signal;

use crate::{
    book::Book,
    chance::{Chance, rounds},
    harness::*,
};

const AUTHORS: usize = 3;

/// How an author's events get to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Without a pause, until nobody reads any more.
    Pipe,
    /// All that there will be is there: each batch is full.
    File,
}

/// A program that appends what one author writes.
struct Writing {
    author: usize,
    way: Way,
    batch: u64,
    running: Running,
    told: Vec<String>,
}

impl Writing {
    fn start(place: &Place, book: &Book, author: usize, way: Way, batch: u64) -> Self {
        let size = batch.to_string();
        let mut command = place.command("append", &["--ack", "--batch", &size]);
        let first = book.acknowledged(author);
        let running = match way {
            Way::File => {
                let path = place.path().join(format!("input-{author}"));
                fs::write(&path, book.authors.lines(author, first..first + 60 * batch)).unwrap();
                command.stdin(fs::File::open(path).unwrap());
                Running::start_with_input(command)
            }
            Way::Pipe => Running::start(command),
        };
        Self { author, way, batch, running, told: Vec::new() }
    }

    /// Kills it, and notes what it has acknowledged.
    fn kill(self, book: &mut Book) -> (usize, Way, u64) {
        self.running.signal(Signal::KILL);
        let done = self.running.end();
        // It may have come to the end of its file before.
        assert!(matches!(done.code, None | Some(0)), "{}", done.stderr);
        for line in self.told.iter().map(String::as_str).chain(done.stdout.lines()) {
            book.acknowledge(self.author, line);
        }
        (self.author, self.way, self.batch)
    }
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    let cycles = rounds("EVENTSTREAM_KILLS", 20);
    let mut chance = Chance::new();
    let (mut done, mut acknowledged) = (0, 0);
    while done < cycles {
        // A store of its own for so many, so that the last cycles take no longer than the first.
        let next = cycles.min(done + 20);
        acknowledged += survives(&mut chance, next - done);
        done = next;
    }
    println!("{cycles} kills, {acknowledged} events acknowledged");
}

/// Has a store survive so many cycles; returns how many events were acknowledged.
fn survives(chance: &mut Chance, cycles: u64) -> usize {
    let place = Place::new();
    let mut book = Book::new(chance.seed, AUTHORS);
    for _ in 0..cycles {
        let first: Vec<u64> = (0..AUTHORS).map(|author| book.acknowledged(author)).collect();
        let killed = write_and_kill(&place, &mut book, chance);
        if book.acknowledged_in_all() == 0 && !place.is_there() {
            // Killed before there was a store.
        } else {
            book.read(&place);
        }
        for (author, way, batch) in killed {
            is_not_torn(&book, author, way, batch, first[author]);
            append_again(&place, &mut book, author, batch);
        }
        book.read(&place);
        place.verify();
    }
    book.read_again(&place);
    book.acknowledged_in_all()
}

/// Several programs append at once; each is killed at a moment of its own.
fn write_and_kill(place: &Place, book: &mut Book, chance: &mut Chance) -> Vec<(usize, Way, u64)> {
    let mut writing: Vec<Writing> = (0..AUTHORS)
        .map(|author| {
            let way = if author > 0 && chance.bool() { Way::File } else { Way::Pipe };
            let batch = if chance.bool() { chance.u64(1..=150) } else { chance.u64(1..=10) };
            Writing::start(place, book, author, way, batch)
        })
        .collect();
    // Now and then the store is compacted meanwhile.
    let compact =
        (chance.bool() && book.acknowledged_in_all() > 0).then(|| place.start("compact", &[]));
    let mut killed = Vec::new();
    thread::scope(|scope| {
        for it in writing.iter_mut().filter(|it| it.way == Way::Pipe) {
            let mut input = it.running.stdin();
            let (authors, author) = (&book.authors, it.author);
            let first = book.acknowledged(author);
            scope.spawn(move || {
                let mut numbers = first..u64::MAX;
                // Ends when the program is killed.
                numbers
                    .all(|number| input.write_all(authors.line(author, number).as_bytes()).is_ok())
            });
        }
        // Sometimes while they start, sometimes when there is much already.
        if chance.u32(..3) > 0 {
            for _ in 0..chance.u32(1..40) {
                let line = writing[0].running.line();
                writing[0].told.push(line);
            }
        }
        let mut kills = Vec::new();
        chance.shuffle(&mut writing);
        for it in writing {
            thread::sleep(Duration::from_micros(chance.u64(..20_000)));
            it.running.signal(Signal::KILL);
            kills.push(it);
        }
        killed = kills;
    });
    if let Some(compact) = compact {
        compact.signal(Signal::KILL);
        let done = compact.end();
        assert!(matches!(done.code, None | Some(0)), "{}", done.stderr);
    }
    killed.into_iter().map(|it| it.kill(book)).collect()
}

/// What is there beyond what was acknowledged is one batch, and if we know where that ends, a whole
/// one.
fn is_not_torn(book: &Book, author: usize, way: Way, batch: u64, first: u64) {
    let acknowledged = book.acknowledged(author) - first;
    let surplus = book.seen(author) - book.acknowledged(author);
    let is_whole = match way {
        Way::File => acknowledged.is_multiple_of(batch) && (surplus == 0 || surplus == batch),
        Way::Pipe => surplus <= batch,
    };
    assert!(is_whole, "{way:?}: {acknowledged} acknowledged, {surplus} more, batches of {batch}");
}

/// What was not acknowledged is appended again, and more with it: each is there once.
fn append_again(place: &Place, book: &mut Book, author: usize, batch: u64) {
    let first = book.acknowledged(author);
    let known = book.seen(author) - first;
    let count = known.max(batch);
    let input = book.authors.lines(author, first..first + count);
    let done = place.append(&["--ack"], input);
    done.assert_ok();
    let sum = format!("\"appended\":{},\"duplicates\":{known}}}", count - known);
    assert!(done.last_line().ends_with(&sum), "{sum}: {}", done.stdout);
    for line in done.stdout.lines() {
        book.acknowledge(author, line);
    }
    assert_eq!(book.acknowledged(author), first + count);
}

#[test]
fn a_store_that_was_killed_while_it_was_made_is_made() {
    let mut chance = Chance::new();
    for _ in 0..rounds("EVENTSTREAM_KILLS", 20) {
        let place = Place::new();
        let mut append = place.start("append", &["--application", "shop:k-1"]);
        append.send(&events(0..3));
        thread::sleep(Duration::from_micros(chance.u64(..30_000)));
        append.signal(Signal::KILL);
        append.end();
        let done = place.append(&["--application", "shop:k-1"], events(0..3));
        done.assert_ok();
        assert_eq!(place.exported(), events(0..3));
        place.verify();
    }
}
