//! What is written, and to whom.

mod closed;
mod columns;
mod event_json;
mod event_text;
mod number;
mod progress;
mod stdout;
mod table;
mod time;

pub(crate) use closed::stdout_closed;
pub(crate) use columns::{Column, columns};
pub(crate) use event_json::push_event as push_event_json;
pub(crate) use event_text::{TextLayout, plain};
pub(crate) use number::{grouped, in_bytes, plural};
pub(crate) use progress::Progress;
pub(crate) use stdout::Output;
pub(crate) use table::bars;
pub(crate) use time::{second, timestamp};

use std::io::{self, Write};

use crate::failure::Failure;

/// Says something beside the output proper.
pub(crate) fn note(text: &str) {
    // Without a standard error there is nobody to tell that there is none.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says what may be wrong.
pub(crate) fn warn(text: &str) {
    note(&format!("{} {text}", label("warning:", console::Color::Yellow)));
}

fn label(text: &str, color: console::Color) -> console::StyledObject<&str> {
    console::style(text).fg(color).bold().for_stderr()
}

/// Says what went wrong.
pub(crate) fn report(failure: &Failure) {
    let Failure::Failed { chain, hint: text } = failure else {
        return;
    };
    // A part of it may have been said by a server, or be in a file.
    let said = chain.join(": ");
    note(&format!("{} {}", label("error:", console::Color::Red), plain(&said)));
    if let Some(text) = text {
        hint(text);
    }
}

/// Says what can be done.
pub(crate) fn hint(text: &str) {
    let lines: Vec<_> = text.lines().map(plain).collect();
    note(&format!("{} {}", label("hint:", console::Color::Cyan), lines.join("\n")));
}
