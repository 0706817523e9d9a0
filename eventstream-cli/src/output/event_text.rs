//! An event on a line that people read.

use std::{
    borrow::Cow,
    fmt::Write,
    io::{self, IsTerminal},
    ops::RangeInclusive,
};

use console::{Alignment, Style, Term, measure_text_width, pad_str, truncate_str};
use eventstream_core::{Event, Parcel};

use crate::cloud_event::{compact_json, is_json};

const TYPE_WIDTHS: RangeInclusive<usize> = 4..=32;
const SUBJECT_WIDTHS: RangeInclusive<usize> = 4..=24;
/// How narrow the columns get, to leave room for the payload.
const LEAST_TYPE_WIDTH: usize = 16;
const LEAST_SUBJECT_WIDTH: usize = 12;
/// The room for the payload that the columns before it are narrowed for.
const DATA_WIDTH: usize = 20;
/// Shorter than this, an excerpt of the payload says nothing.
const LEAST_DATA_WIDTH: usize = 8;
const TIME_WIDTH: usize = "2006-01-02T15:04:05Z".len();
const GAP: usize = 2;

/// Columns: offset, time (UTC), type, subject (or source), and the payload: as much of it as there
/// is room for on a terminal; else all of it, for whoever searches the lines.
pub(crate) struct TextLayout {
    /// Of the terminal; `None` where nothing is cut.
    width: Option<usize>,
    offset_width: usize,
    type_width: usize,
    subject_width: usize,
    dim: Style,
    accent: Style,
}

impl TextLayout {
    /// Makes room for offsets up to `last` and for these types.
    pub(crate) fn new<'a>(last: u64, types: impl Iterator<Item = &'a str>) -> Self {
        // Output to a terminal is fitted into it, and only there coloured.
        let width = io::stdout()
            .is_terminal()
            .then(|| Term::stdout().size_checked())
            .flatten()
            .map(|(_, columns)| usize::from(columns));
        let style = |style: Style| style.for_stdout();
        Self {
            width,
            offset_width: last.to_string().len(),
            type_width: widest(types, TYPE_WIDTHS),
            subject_width: *SUBJECT_WIDTHS.start(),
            dim: style(Style::new().dim()),
            accent: style(Style::new().cyan()),
        }
    }

    /// Makes room for the subjects of these events too, and for types that were not known.
    pub(crate) fn fit(&mut self, events: &[Event]) {
        let types = events.iter().map(|event| event.parcel.event_type());
        self.type_width = self.type_width.max(widest(types, TYPE_WIDTHS));
        let subjects = events.iter().map(|event| subject(&event.parcel));
        self.subject_width = self.subject_width.max(widest(subjects, SUBJECT_WIDTHS));
    }

    /// The event's line.
    pub(crate) fn line(&self, event: &Event) -> String {
        let parcel = &event.parcel;
        let offset = format!("{:>width$}", event.offset, width = self.offset_width);
        let Widths { event_type, subject: subject_width, data: room } = self.widths(offset.len());
        let cut = self.width.is_some();

        let mut line = format!(
            "{}  {:<TIME_WIDTH$}  {}  {}",
            self.dim.apply_to(offset),
            time(parcel),
            self.accent.apply_to(column(parcel.event_type(), event_type, cut)),
            column(subject(parcel), subject_width, cut),
        );
        if room >= LEAST_DATA_WIDTH {
            let _ = write!(line, "  {}", self.dim.apply_to(data(parcel, room)));
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// How wide the columns are beside an offset of `offset` columns.
    fn widths(&self, offset: usize) -> Widths {
        let (mut event_type, mut subject) = (self.type_width, self.subject_width);
        let Some(width) = self.width else {
            return Widths { event_type, subject, data: usize::MAX };
        };
        let room = width.saturating_sub(offset + TIME_WIDTH + 4 * GAP);
        let mut lacking = (event_type + subject + DATA_WIDTH).saturating_sub(room);
        for (column, least) in
            [(&mut subject, LEAST_SUBJECT_WIDTH), (&mut event_type, LEAST_TYPE_WIDTH)]
        {
            let less = lacking.min(column.saturating_sub(least));
            *column -= less;
            lacking -= less;
        }
        Widths { event_type, subject, data: room.saturating_sub(event_type + subject) }
    }
}

struct Widths {
    event_type: usize,
    subject: usize,
    data: usize,
}

/// The width of the widest text, within limits.
fn widest<'a>(texts: impl Iterator<Item = &'a str>, limits: RangeInclusive<usize>) -> usize {
    let widest = texts.map(|text| measure_text_width(&plain(text))).max().unwrap_or_default();
    widest.clamp(*limits.start(), *limits.end())
}

/// The text, filled up to the width, and perhaps cut there.
fn column(text: &str, width: usize, cut: bool) -> String {
    let mut text = plain(text);
    if cut {
        text = truncate_str(&text, width, "…").into_owned().into();
    }
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
    match text.char_indices().nth(room.saturating_add(1)) {
        Some((end, _)) => truncate_str(&plain(&text[..end]), room, "…").into_owned(),
        None if room == usize::MAX => plain(&text).into_owned(),
        None => truncate_str(&plain(&text), room, "…").into_owned(),
    }
}

/// The text on one line, and without what a terminal would take for a command: control characters
/// are escaped, as JSON has it.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(plain, "\\u{:04x}", u32::from(c));
            }
            c => plain.push(c),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Identity};

    use super::*;

    fn layout(width: impl Into<Option<usize>>) -> TextLayout {
        TextLayout {
            width: width.into(),
            offset_width: 5,
            type_width: 10,
            subject_width: 24,
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
    fn columns_are_narrowed_for_the_payload() {
        let event = event(|it| {
            it.portable_name = "git.commit.recorded".into();
            it.source_handler = Some(Identity::new("handler", "h"));
            it.source_instance_id = "SeaQL/sea-streamer".into();
            it.data = r#"{"commit":"d2eb6d306dd86816cee02c76249736e6733a756d"}"#.into();
        });
        let (type_width, subject_width) = (*TYPE_WIDTHS.start(), *SUBJECT_WIDTHS.start());
        let mut layout = TextLayout { type_width, subject_width, ..layout(80) };
        layout.fit(std::slice::from_ref(&event));
        for (width, expected) in [
            (60, "   42  2024-05-06T07:08:09Z  git.commit.reco…  SeaQL/sea-s…"),
            (72, "   42  2024-05-06T07:08:09Z  git.commit.reco…  SeaQL/sea-s…  {\"commit\":…"),
            (
                80,
                "   42  2024-05-06T07:08:09Z  git.commit.reco…  SeaQL/sea-s…  {\"commit\":\"d2eb6d3…",
            ),
            (
                92,
                "   42  2024-05-06T07:08:09Z  git.commit.recorded  SeaQL/sea-streamer  {\"commit\":\"d2eb6d306d…",
            ),
        ] {
            layout.width = Some(width);
            let line = layout.line(&event);
            assert_eq!(line, expected);
            assert!(measure_text_width(&line) <= width, "{line}");
        }
    }

    #[test]
    fn nothing_is_cut_without_a_terminal() {
        let long = "a.long.name.".repeat(20);
        let event = event(|it| {
            it.portable_name.clone_from(&long);
            it.source_handler = Some(Identity::new("handler", "h"));
            it.source_instance_id.clone_from(&long);
            it.media_type = "text/plain".into();
            it.data = format!("{long}\r\n\t\u{1b}[31m\u{9b}{long}").into();
        });
        let mut layout = layout(None);
        layout.fit(std::slice::from_ref(&event));
        assert_eq!(
            layout.line(&event),
            format!(
                "   42  2024-05-06T07:08:09Z  {long}  {long}  {long}\\r\\n\\t\\u001b[31m\\u009b{long}"
            )
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_counted() {
        let line = layout(None).line(&event(|it| it.data = b"\xff\xfe"[..].into()));
        assert!(line.ends_with("  (2 bytes)"), "{line}");
    }
}
