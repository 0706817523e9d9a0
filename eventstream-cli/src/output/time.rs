//! Times as they are written.

use std::time::SystemTime;

/// The time in UTC, for programs; none if no calendar has it.
pub(crate) fn timestamp(time: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(time).ok().map(|time| time.to_string())
}

/// The time in UTC, down to the second, for people.
pub(crate) fn second(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
