//! An event on a line that people read.

use std::{
    borrow::Cow,
    fmt::Write,
    io::{self, IsTerminal},
};

use console::{Alignment, Style, Term, measure_text_width, pad_str, truncate_str};
use eventstream_core::{Event, Parcel};

use crate::cloud_event::{compact_json, is_json};

/// How wide a line is where there is no terminal to ask.
const WIDTH: usize = 120;
const TYPE_WIDTHS: std::ops::RangeInclusive<usize> = 4..=32;
const SUBJECT_WIDTH: usize = 24;
/// Shorter than this, an excerpt of the payload says nothing.
const LEAST_DATA_WIDTH: usize = 12;

/// Columns: offset, time (UTC), type, subject (or source), and as much of the payload as there is
/// room for.
pub(crate) struct TextLayout {
    width: usize,
    offset_width: usize,
    type_width: usize,
    dim: Style,
    accent: Style,
}

impl TextLayout {
    /// Makes room for offsets up to `last` and for these types.
    pub(crate) fn new<'a>(last: u64, types: impl Iterator<Item = &'a str>) -> Self {
        // Output to a terminal is fitted into it, and only there coloured.
        let terminal = io::stdout().is_terminal();
        let width = match Term::stdout().size_checked() {
            Some((_, columns)) if terminal => usize::from(columns),
            _ => WIDTH,
        };
        let style = |style: Style| style.for_stdout();
        Self {
            width,
            offset_width: last.to_string().len(),
            type_width: types
                .map(measure_text_width)
                .max()
                .unwrap_or_default()
                .clamp(*TYPE_WIDTHS.start(), *TYPE_WIDTHS.end()),
            dim: style(Style::new().dim()),
            accent: style(Style::new().cyan()),
        }
    }

    /// The event's line.
    pub(crate) fn line(&self, event: &Event) -> String {
        let parcel = &event.parcel;
        let offset = format!("{:>width$}", event.offset, width = self.offset_width);
        let time = time(parcel);
        let event_type = column(parcel.event_type(), self.type_width);
        let subject = column(subject(parcel), SUBJECT_WIDTH);
        let head = measure_text_width(&offset) + time.len() + self.type_width + SUBJECT_WIDTH + 8;

        let mut line = format!(
            "{}  {time}  {}  {subject}",
            self.dim.apply_to(offset),
            self.accent.apply_to(event_type),
        );
        let room = self.width.saturating_sub(head);
        if room >= LEAST_DATA_WIDTH {
            let data = data(parcel, room);
            let _ = write!(line, "  {}", self.dim.apply_to(data));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

fn column(text: &str, width: usize) -> String {
    let text = plain(text);
    let text = truncate_str(&text, width, "…");
    pad_str(&text, width, Alignment::Left, None).into_owned()
}

fn subject(parcel: &Parcel) -> &str {
    match (parcel.source_instance_id(), parcel.source_handler()) {
        ("", Some(handler)) => handler.name,
        ("", None) => parcel.source_application().name,
        (subject, _) => subject,
    }
}

/// To the second, in UTC, so that all lines have the same length.
fn time(parcel: &Parcel) -> String {
    jiff::Timestamp::try_from(parcel.created_at()).map_or_else(
        |_| parcel.created_at_text().to_owned(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

fn data(parcel: &Parcel, room: usize) -> String {
    let data = parcel.data();
    let json = if is_json(parcel.media_type()) { compact_json(&data) } else { None };
    let text = json.or_else(|| std::str::from_utf8(&data).ok().map(Cow::Borrowed));
    let Some(text) = text else {
        return format!("({} bytes)", data.len());
    };
    // No more than may be shown is looked at: a payload may be large.
    let end = text.char_indices().nth(room + 1).map_or(text.len(), |(end, _)| end);
    truncate_str(&plain(&text[..end]), room, "…").into_owned()
}

/// The text without what a terminal would take for a command.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        text.replace(char::is_control, "\u{fffd}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Identity};

    use super::*;

    fn layout(width: usize) -> TextLayout {
        TextLayout {
            width,
            offset_width: 5,
            type_width: 10,
            dim: Style::new(),
            accent: Style::new(),
        }
    }

    fn event(change: impl FnOnce(&mut Envelope)) -> Event {
        let mut envelope =
            Envelope::new("i", Identity::new("app", "k"), "made", "application/json");
        envelope.created_at = "2024-05-06T09:08:09.123+02:00".parse().unwrap();
        envelope.data = r#"{"a": 1}"#.into();
        change(&mut envelope);
        Event::new(42, Parcel::seal(envelope).unwrap())
    }

    #[test]
    fn columns_are_aligned() {
        let handled = event(|it| {
            it.source_handler = Some(Identity::new("handler", "h"));
            it.source_instance_id = "instance".into();
        });
        assert_eq!(
            layout(100).line(&handled),
            r#"   42  2024-05-06T07:08:09Z  made        instance                  {"a":1}"#
        );
        assert_eq!(
            layout(100).line(&event(|_| {})),
            r#"   42  2024-05-06T07:08:09Z  made        app                       {"a":1}"#
        );
    }

    #[test]
    fn a_line_fits_and_is_one_line() {
        for data in [
            &b"\"a text that is much longer than the room for it is, and by far\""[..],
            b"\x1b[31m\n\nred",
            b"\xff\xfe",
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字".as_bytes(),
        ] {
            let event = event(|it| {
                it.data = data.to_vec().into();
                it.portable_name = "a.type.with.a.long\u{1b}[2J.name".into();
            });
            let line = layout(90).line(&event);
            assert!(measure_text_width(&line) <= 90, "{line}");
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }

    #[test]
    fn a_narrow_terminal_shows_no_payload() {
        let line = layout(78).line(&event(|_| {}));
        assert!(line.ends_with("app"), "{line}");
    }
}
