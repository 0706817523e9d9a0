use std::io::{self, Write};

use crate::failure::Failure;

/// How much is gathered before it is written.
const FULL: usize = 64 * 1024;

/// The standard output. Whole lines are gathered, and written by [`flush`](Self::flush), or when
/// there are many.
#[derive(Default)]
pub(crate) struct Output {
    lines: Vec<u8>,
}

impl Output {
    /// Adds a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.line_with(|out| out.extend_from_slice(text.as_bytes()))
    }

    /// Adds a line that `write` writes.
    pub(crate) fn line_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Failure> {
        write(&mut self.lines);
        self.lines.push(b'\n');
        if self.lines.len() >= FULL {
            self.flush()?;
        }
        Ok(())
    }

    /// Adds a value as a line of JSON.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        self.line_with(|out| {
            // Plain data, written to memory: can't fail.
            let _ = serde_json::to_writer(out, value);
        })
    }

    /// Writes what was gathered.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let result = stdout
            .write_all(&self.lines)
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::of_output(&error));
        self.lines.clear();
        result
    }
}
