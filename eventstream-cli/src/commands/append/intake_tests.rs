use std::sync::mpsc;

use super::*;

fn application() -> Identity {
    Identity::new("test", "key")
}

fn line(id: u64) -> String {
    format!("{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/s\",\"type\":\"t\"}}\n")
}

fn lines(ids: std::ops::Range<u64>) -> String {
    ids.map(line).collect()
}

fn start(input: impl Read + Send + 'static, max: usize) -> Intake {
    Intake::start(input, Flow::WithPauses, application(), max).unwrap()
}

/// Says what it is sent, and waits for more until the sender is gone.
struct Pipe {
    sent: mpsc::Receiver<String>,
    rest: io::Cursor<Vec<u8>>,
}

fn pipe() -> (mpsc::Sender<String>, Pipe) {
    let (sender, sent) = mpsc::channel();
    let rest = io::Cursor::default();
    (sender, Pipe { sent, rest })
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.rest.read(buf)?;
            if read > 0 {
                return Ok(read);
            }
            match self.sent.recv() {
                Ok(text) => self.rest = io::Cursor::new(text.into_bytes()),
                Err(_) => return Ok(0),
            }
        }
    }
}

async fn ids(intake: &Intake) -> Option<Vec<u64>> {
    let batch = intake.next().await.unwrap()?;
    let id = |parcel: &Parcel| parcel.message_id().parse().unwrap();
    Some(batch.parcels.iter().map(id).collect())
}

#[tokio::test]
async fn batches_of_what_is_all_there_are_full() {
    let input = lines(0..25);
    let length = input.len() as u64;
    let intake = Intake::start(io::Cursor::new(input), Flow::AtOnce, application(), 10).unwrap();
    assert_eq!(ids(&intake).await, Some((0..10).collect()));
    assert_eq!(ids(&intake).await, Some((10..20).collect()));
    let last = intake.next().await.unwrap().unwrap();
    assert_eq!((last.parcels.len(), last.position), (5, length));
    assert_eq!(ids(&intake).await, None);
    assert!(intake.next().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_at_hand_does_not_wait_for_a_full_batch() {
    let (sender, input) = pipe();
    let intake = start(input, 1000);
    for id in 0..5 {
        sender.send(line(id)).unwrap();
        assert_eq!(ids(&intake).await, Some(vec![id]));
    }
    drop(sender);
    assert_eq!(ids(&intake).await, None);
}

#[tokio::test]
async fn a_bad_line_comes_after_those_before_it() {
    let intake = start(io::Cursor::new(lines(0..3) + "\noops\n" + &line(9)), 10);
    assert_eq!(ids(&intake).await, Some(vec![0, 1, 2]));
    let Err(Failure::Failed { chain, hint }) = intake.next().await else {
        panic!("the bad line was not found");
    };
    assert!(chain[0].starts_with("line 5 is not a JSON object"), "{chain:?}");
    assert!(hint.unwrap().starts_with("the lines before it were appended"));
}

#[tokio::test]
async fn before_a_bad_first_line_there_is_nothing() {
    let intake = start(io::Cursor::new("\n{}\n".to_owned() + &line(9)), 10);
    let Err(Failure::Failed { chain, hint }) = intake.next().await else {
        panic!("the bad line was not found");
    };
    assert!(chain[0].starts_with("line 2: "), "{chain:?}");
    assert!(hint.unwrap().starts_with("nothing was appended"));
}

#[tokio::test]
async fn a_read_error_is_said() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the tape is torn"))
        }
    }
    let intake = start(Broken, 10);
    let Err(Failure::Failed { chain, .. }) = intake.next().await else {
        panic!("the error was lost");
    };
    assert_eq!(chain, ["can't read the standard input", "the tape is torn"]);
}

/// Counts the lines that are read of it; there is always one more.
struct Endless {
    next: u64,
    read: mpsc::Sender<u64>,
    rest: io::Cursor<Vec<u8>>,
    line: fn(u64) -> String,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.rest.position() == self.rest.get_ref().len() as u64 {
            self.rest = io::Cursor::new((self.line)(self.next).into_bytes());
            self.next += 1;
            let _ = self.read.send(self.next);
        }
        self.rest.read(buf)
    }
}

fn endless(line: fn(u64) -> String) -> (Endless, mpsc::Receiver<u64>) {
    let (read, counts) = mpsc::channel();
    let rest = io::Cursor::default();
    let (next, line) = (0, line);
    (Endless { next, read, rest, line }, counts)
}

#[tokio::test]
async fn the_reader_is_never_far_ahead() {
    let (input, read) = endless(line);
    let intake = start(input, 10);
    for _ in 0..100 {
        let batch = intake.next().await.unwrap().unwrap();
        assert!(batch.parcels.len() <= 10);
    }
    drop(intake);
    // The thread ends, and with it the channel: it was not stuck, and not far ahead.
    let most = read.iter().max().unwrap();
    assert!(most <= 100 * 10 + 12, "{most}");
}

#[tokio::test]
async fn large_events_make_small_batches() {
    let (input, _read) = endless(|id| {
        let data = "x".repeat(1024 * 1024);
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/s\",\"type\":\"t\",\"data\":\"{data}\"}}\n"
        )
    });
    let intake = start(input, 1000);
    for _ in 0..3 {
        let batch = intake.next().await.unwrap().unwrap();
        assert!(batch.parcels.len() <= 4, "{}", batch.parcels.len());
    }
}
