//! A table of texts and numbers.

use console::{Alignment, Style, measure_text_width, pad_str};

use super::plain;

/// The title of a column, and which side its texts stand at.
pub(crate) enum Column {
    /// Of texts.
    Left(&'static str),
    /// Of numbers.
    Right(&'static str),
}

impl Column {
    fn title(&self) -> &'static str {
        match self {
            Self::Left(title) | Self::Right(title) => title,
        }
    }

    fn alignment(&self) -> Alignment {
        match self {
            Self::Left(_) => Alignment::Left,
            Self::Right(_) => Alignment::Right,
        }
    }
}

/// The rows as lines, below the titles. Nothing is cut: who reads a name may want to type it.
pub(crate) fn columns(
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Vec<String> {
    let titles: Vec<String> = columns.iter().map(|column| column.title().to_owned()).collect();
    let rows = rows.into_iter().map(|row| row.iter().map(|it| plain(it).into_owned()).collect());
    let rows: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
    let width = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place));
        cells.map(|cell: &String| measure_text_width(cell)).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = columns.iter().zip(row).zip(&widths).map(|((column, cell), width)| {
                pad_str(cell, *width, column.alignment(), None).into_owned()
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect();
    if let Some(titles) = lines.first_mut() {
        *titles = Style::new().bold().apply_to(&*titles).to_string();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_as_wide_as_what_is_in_them() {
        let table = [Column::Left("name"), Column::Right("number"), Column::Left("")];
        let rows = [
            vec!["a".to_owned(), "1,000,000".to_owned(), "x".to_owned()],
            vec!["漢字\n\u{1b}".to_owned(), "2".to_owned(), String::new()],
        ];
        assert_eq!(
            columns(&table, rows),
            ["name             number", "a             1,000,000  x", "漢字\\n\\u001b          2",]
        );
        assert_eq!(columns(&table, []), ["name  number"]);
    }
}
