use std::io::{self, BufRead, Read};

/// The longest line that is read: an event of a size that no consumer is glad about.
pub(crate) const LONGEST: usize = 16 * 1024 * 1024;

/// The lines of the input that say something, without the white space around them.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
    position: u64,
    longest: usize,
}

#[derive(Debug)]
pub(super) enum LineError {
    Io(io::Error),
    /// The line is longer than what is read.
    TooLong,
    /// The line is not UTF-8, from this byte of it on.
    NotUtf8(usize),
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, longest: usize) -> Self {
        Self { reader, line: Vec::new(), number: 0, position: 0, longest }
    }

    /// The number of the line that was read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes of the input were read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next line that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&str>, LineError> {
        loop {
            self.line.clear();
            self.number += 1;
            // One byte more, to tell a line that is too long; and its end.
            let most = self.longest as u64 + 2;
            let read = (&mut self.reader)
                .take(most)
                .read_until(b'\n', &mut self.line)
                .map_err(LineError::Io)?;
            if read == 0 {
                return Ok(None);
            }
            self.position += read as u64;
            if self.line.last() == Some(&b'\n') {
                self.line.pop();
            }
            if self.line.len() > self.longest {
                return Err(LineError::TooLong);
            }
            if !self.blank_or_mark_only() {
                break;
            }
        }
        let line = self.line.trim_ascii();
        let line = without_mark(line, self.number).trim_ascii_start();
        std::str::from_utf8(line)
            .map(Some)
            .map_err(|error| LineError::NotUtf8(error.valid_up_to() + 1))
    }

    fn blank_or_mark_only(&self) -> bool {
        without_mark(self.line.trim_ascii(), self.number).trim_ascii().is_empty()
    }
}

/// The line without the byte order mark that some editors write at the beginning of a file.
fn without_mark(line: &[u8], number: u64) -> &[u8] {
    match line.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if number == 1 => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], longest: usize) -> (Vec<(u64, String)>, Option<LineError>) {
        let mut lines = Lines::new(input, longest);
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Ok(Some(line)) => {
                    let line = line.to_owned();
                    found.push((lines.number(), line));
                }
                Ok(None) => {
                    assert_eq!(lines.position(), input.len() as u64);
                    return (found, None);
                }
                Err(error) => return (found, Some(error)),
            }
        }
    }

    #[test]
    fn blank_lines_and_the_space_around_are_passed_over() {
        let (lines, error) = all(b"a\r\n\n  \t\r\n b c \nlast", 100);
        let expected = [(1, "a"), (4, "b c"), (5, "last")];
        assert_eq!(lines, expected.map(|(n, text)| (n, text.to_owned())));
        assert!(error.is_none());
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_at_the_beginning_only() {
        let (lines, _) = all("\u{feff}a\n\u{feff}b".as_bytes(), 100);
        assert_eq!(lines, [(1, "a".to_owned()), (2, "\u{feff}b".to_owned())]);
        let (lines, _) = all("\u{feff}\n \na".as_bytes(), 100);
        assert_eq!(lines, [(3, "a".to_owned())]);
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
        let (lines, error) = all(b"12345\n123456\n1", 5);
        assert_eq!(lines, [(1, "12345".to_owned())]);
        assert!(matches!(error, Some(LineError::TooLong)));
        let (lines, error) = all(b"12345", 5);
        assert_eq!(lines.len(), 1);
        assert!(error.is_none());
        let (_, error) = all(&[b'x'; 100], 5);
        assert!(matches!(error, Some(LineError::TooLong)));
    }

    #[test]
    fn what_is_not_utf_8_is_found() {
        let (lines, error) = all(b"a\nbc\xff\n", 100);
        assert_eq!(lines.len(), 1);
        assert!(matches!(error, Some(LineError::NotUtf8(3))));
    }
}
