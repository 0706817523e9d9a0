//! A table with bars.

use console::{Style, measure_text_width, pad_str, truncate_str};

use super::grouped;

const NAME_WIDTH: usize = 36;
const BAR_WIDTH: usize = 24;
/// Eighths of a character's width.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The rows as lines, the largest number first, each with a bar in proportion to it.
pub(crate) fn bars<'a>(title: &str, rows: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<String> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(a, x), (b, y)| y.cmp(x).then(a.cmp(b)));
    let names: Vec<String> = rows.iter().map(|(name, _)| shown(name)).collect();
    let name_width = names
        .iter()
        .map(|name| measure_text_width(name))
        .chain([title.len()])
        .max()
        .unwrap_or_default();
    let most = rows.first().map_or(0, |(_, number)| *number);
    let number_width = grouped(most).len();

    let mut lines = vec![Style::new().bold().apply_to(title).to_string()];
    for (name, (_, number)) in names.iter().zip(&rows) {
        let line = format!(
            "  {}  {:>number_width$}  {}",
            pad_str(name, name_width, console::Alignment::Left, None),
            grouped(*number),
            Style::new().cyan().apply_to(bar(*number, most)),
        );
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// A name as it may be shown: without control characters, and not too long.
fn shown(name: &str) -> String {
    let plain = super::event_text::plain(name);
    truncate_str(&plain, NAME_WIDTH, "…").into_owned()
}

fn bar(number: u64, most: u64) -> String {
    let eighths = u128::from(number) * (BAR_WIDTH as u128) * 8 / u128::from(most.max(1));
    // What is there is seen, however little it is.
    let eighths = usize::try_from(eighths).unwrap_or(BAR_WIDTH * 8).max(usize::from(number > 0));
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(
            bars("type", [("b", 1), ("a", 1000), ("c", 500), ("d", 0)]),
            [
                "type".to_owned(),
                format!("  a     1,000  {}", "█".repeat(24)),
                format!("  c       500  {}", "█".repeat(12)),
                "  b         1  ▏".to_owned(),
                "  d         0".to_owned(),
            ]
        );
        assert_eq!(bar(u64::MAX, u64::MAX), "█".repeat(24));
    }

    #[test]
    fn no_line_is_too_long() {
        let long = "a name that is far too long for a line of eighty characters";
        for line in bars("type", [(long, 9_999_999_999), (&"漢字".repeat(30), 1)]) {
            assert!(measure_text_width(&line) < 80, "{line}");
        }
    }
}
