//! `eventstream stats`.

use std::path::Path;

use eventstream_core::Incarnation;
use eventstream_persisted::StoreStats;
use serde::Serialize;

use super::embedded;
use crate::{
    args::{ReportFormat, StatsArgs},
    failure::Failure,
    output::{Output, grouped, in_bytes, plural, second, timestamp},
};

pub(super) async fn run(args: StatsArgs) -> Result<(), Failure> {
    let path = embedded::directory(&args.store, "stats")?;
    let stats = embedded::with(path, async |store| Ok(store.stats().await?)).await?;
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&Stats::of(&stats))?,
        ReportFormat::Text => {
            for line in text(path, &stats) {
                output.line(&line)?;
            }
        }
    }
    output.flush()
}

#[derive(Serialize)]
struct Stats {
    incarnation: Incarnation,
    first_offset: u64,
    next_offset: u64,
    /// When the oldest event was appended, and the newest one.
    oldest_append: Option<String>,
    newest_append: Option<String>,
    bytes: u64,
    /// Rounded; none without events.
    bytes_per_event: Option<u64>,
    segments: u64,
    segment_bytes: u64,
    log_bytes: u64,
    index_bytes: u64,
    other_bytes: u64,
}

impl Stats {
    fn of(stats: &StoreStats) -> Self {
        Self {
            incarnation: stats.incarnation,
            first_offset: stats.first_offset,
            next_offset: stats.next_offset,
            oldest_append: stats.oldest_append.and_then(timestamp),
            newest_append: stats.newest_append.and_then(timestamp),
            bytes: stats.bytes,
            bytes_per_event: each(stats.bytes, events(stats)),
            segments: stats.segments,
            segment_bytes: stats.segment_bytes,
            log_bytes: stats.log_bytes,
            index_bytes: stats.index_bytes,
            other_bytes: other_bytes(stats),
        }
    }
}

fn events(stats: &StoreStats) -> u64 {
    stats.next_offset - stats.first_offset
}

fn other_bytes(stats: &StoreStats) -> u64 {
    stats.bytes.saturating_sub(stats.segment_bytes + stats.log_bytes + stats.index_bytes)
}

/// The bytes that one of so many takes, rounded.
fn each(bytes: u64, number: u64) -> Option<u64> {
    bytes.saturating_add(number / 2).checked_div(number)
}

fn text(path: &Path, stats: &StoreStats) -> Vec<String> {
    let events = events(stats);
    let per_event = match each(stats.bytes, events) {
        Some(bytes) => format!(", {} an event", in_bytes(bytes)),
        None => String::new(),
    };
    let mut lines = vec![
        format!("store        {}", path.display()),
        format!("incarnation  {}", stats.incarnation),
        format!("events       {}", range(stats.first_offset, stats.next_offset)),
    ];
    if let (Some(oldest), Some(newest)) = (stats.oldest_append, stats.newest_append) {
        lines.push(format!("appended     {} to {}", second(oldest), second(newest)));
    }
    lines.push(format!("size         {} on disk{per_event}", in_bytes(stats.bytes)));
    lines.push(String::new());
    lines.push("kind of file            size   share  an event".to_owned());
    for (kind, bytes) in [
        (format!("segments ({})", grouped(stats.segments)), stats.segment_bytes),
        ("log".to_owned(), stats.log_bytes),
        ("indexes".to_owned(), stats.index_bytes),
        ("other".to_owned(), other_bytes(stats)),
    ] {
        let each = each(bytes, events).map(in_bytes).unwrap_or_default();
        let line = format!(
            "  {kind:<16}{:>10}  {:>6}  {each:>8}",
            in_bytes(bytes),
            percent(bytes, stats.bytes),
        );
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// How many events there are, and where.
pub(super) fn range(first: u64, next: u64) -> String {
    if first == next {
        return format!("none, the next offset is {}", grouped(next));
    }
    let events = plural(next - first, "event");
    format!("{events}, offsets {} to {}", grouped(first), grouped(next - 1))
}

fn percent(part: u64, whole: u64) -> String {
    match u128::from(part) * 100 / u128::from(whole.max(1)) {
        0 if part > 0 => "< 1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_sizes_are_rounded() {
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(percent(1, 1_000), "< 1 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
        assert_eq!(each(10, 4), Some(3));
        assert_eq!(each(10, 0), None);
    }

    #[test]
    fn a_range_names_its_last_offset() {
        assert_eq!(range(1_000, 1_000), "none, the next offset is 1,000");
        assert_eq!(range(0, 1), "1 event, offsets 0 to 0");
        assert_eq!(range(5, 2_000), "1,995 events, offsets 5 to 1,999");
    }
}
