use serde::Deserialize;

/// Writes events that can be told again: all of them follow from the seed.
pub(crate) struct Authors {
    /// What payloads are cut from: it can't be compressed.
    pool: String,
    seed: u64,
}

/// An event as `tail -o json` shows it.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) offset: u64,
    pub(crate) message_id: String,
    pub(crate) portable_name: String,
    pub(crate) data: Data,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Data {
    author: usize,
    number: u64,
    text: String,
}

const POOL: usize = 64 * 1024;
const LONGEST: usize = 20_000;

impl Authors {
    pub(crate) fn new(seed: u64) -> Self {
        let mut numbers = fastrand::Rng::with_seed(seed);
        let pool = std::iter::repeat_with(|| numbers.alphanumeric()).take(POOL).collect();
        Self { pool, seed }
    }

    /// The payload of the author's event with this number: a short text as a rule, sometimes none,
    /// sometimes a long one.
    fn text(&self, author: usize, number: u64) -> &str {
        let seed = self.seed ^ (author as u64) << 56 ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut numbers = fastrand::Rng::with_seed(seed);
        let length = match numbers.u32(..100) {
            0 => 0,
            1 => numbers.usize(..LONGEST),
            _ => numbers.usize(..400),
        };
        let first = numbers.usize(..POOL - LONGEST);
        &self.pool[first..first + length]
    }

    pub(crate) fn event_type(author: usize, number: u64) -> String {
        format!("test.{author}.{}", number % 10)
    }

    pub(crate) fn message_id(author: usize, number: u64) -> String {
        format!("{author}-{number}")
    }

    /// The event as `append` reads it: a line.
    pub(crate) fn line(&self, author: usize, number: u64) -> String {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{}\",\"source\":\"/{author}\",\"type\":\"{}\",\
             \"time\":\"2024-05-06T07:08:09Z\",\"data\":{{\"author\":{author},\"number\":{number},\
             \"text\":\"{}\"}}}}\n",
            Self::message_id(author, number),
            Self::event_type(author, number),
            self.text(author, number),
        )
    }

    pub(crate) fn lines(&self, author: usize, numbers: std::ops::Range<u64>) -> String {
        numbers.map(|number| self.line(author, number)).collect()
    }

    /// Reads a line of `tail -o json`, and checks that it is what its author wrote: returns the
    /// offset, the author, and which of its events it is.
    pub(crate) fn recognize(&self, line: &str) -> (u64, usize, u64) {
        let seen: Seen =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let Data { author, number, .. } = seen.data;
        let expected = Seen {
            offset: seen.offset,
            message_id: Self::message_id(author, number),
            portable_name: Self::event_type(author, number),
            data: Data { author, number, text: self.text(author, number).to_owned() },
        };
        assert_eq!(seen, expected);
        (seen.offset, author, number)
    }
}
