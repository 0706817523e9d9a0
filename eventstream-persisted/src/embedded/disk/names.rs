//! The names of a store's files.

/// Whose events these are.
pub(crate) const CHARTER: &str = "store";
/// How far the store has come, for those who look.
pub(crate) const HEAD: &str = "head";
/// Where the store begins, once it was truncated.
pub(crate) const OLDEST: &str = "oldest";
/// Whoever appends holds it.
pub(crate) const LOCK: &str = "lock";
/// Whoever tidies up holds it.
pub(crate) const TIDY_LOCK: &str = "tidy-lock";
/// A log whose events were sealed: the next one is written over it, which is faster than to have a
/// file grow.
pub(crate) const SPARE: &str = "spare";
/// What stores of format 1 were kept in.
pub(crate) const FORMAT_1: &str = "events.sqlite3";

const DRAFT: &str = ".draft";
const LOG: &str = ".log";
const SEGMENT: &str = ".segment";
const RUN: &str = ".ids";

/// A file that has offsets in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Numbered {
    /// Events as they were appended, from `first` on.
    Log { first: u64 },
    /// Events that were sealed.
    Segment { first: u64, next: u64 },
    /// Where the messages with these offsets are found by their ids.
    Run { first: u64, next: u64 },
}

impl Numbered {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if let Some(first) = name.strip_suffix(LOG) {
            return Some(Self::Log { first: number(first)? });
        }
        let (range, is_segment) = match name.strip_suffix(SEGMENT) {
            Some(range) => (range, true),
            None => (name.strip_suffix(RUN)?, false),
        };
        let (first, next) = range.split_once('-')?;
        let (first, next) = (number(first)?, number(next)?);
        if first >= next {
            return None;
        }
        Some(if is_segment { Self::Segment { first, next } } else { Self::Run { first, next } })
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Log { first } => format!("{first:020}{LOG}"),
            Self::Segment { first, next } => format!("{first:020}-{next:020}{SEGMENT}"),
            Self::Run { first, next } => format!("{first:020}-{next:020}{RUN}"),
        }
    }
}

/// What a file is called before it is whole.
pub(crate) fn draft(name: &str) -> String {
    format!("{name}{DRAFT}")
}

pub(crate) fn is_draft(name: &str) -> bool {
    name.ends_with(DRAFT)
}

/// Whether it is one of the files of a store, and not one that lies beside them.
pub(crate) fn is_of_a_store(name: &str) -> bool {
    [CHARTER, HEAD, OLDEST, LOCK, TIDY_LOCK, SPARE].contains(&name)
        || Numbered::parse(name.strip_suffix(DRAFT).unwrap_or(name)).is_some()
}

/// Twenty digits, so that names are in the order of their numbers.
fn number(digits: &str) -> Option<u64> {
    if digits.len() != 20 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_in_a_file() {
        for file in [
            Numbered::Log { first: 0 },
            Numbered::Log { first: u64::MAX },
            Numbered::Segment { first: 7, next: 4711 },
            Numbered::Run { first: 0, next: u64::MAX },
        ] {
            assert_eq!(Numbered::parse(&file.name()), Some(file));
        }
        for name in [
            "",
            "store",
            "0.log",
            "+0000000000000000000.log",
            "99999999999999999999.log",
            "00000000000000000000.log.draft",
            "00000000000000000007-00000000000000000007.segment",
            "00000000000000000007-00000000000000000006.ids",
        ] {
            assert_eq!(Numbered::parse(name), None, "{name}");
        }
    }
}
