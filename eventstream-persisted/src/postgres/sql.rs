//! How our tables are named in statements, and how offsets stand in them.

use super::error::{PostgresError, Result};

/// PostgreSQL cuts longer names short.
const LONGEST_NAME: usize = 63;

/// A name as it stands in a statement.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A statement, with `@` for our schema.
pub(super) fn in_schema(schema: &str, statement: &str) -> String {
    statement.replace('@', &quoted(schema))
}

pub(super) fn check_schema_name(schema: &str) -> Result<()> {
    let problem = if schema.is_empty() {
        "it is empty"
    } else if schema.len() > LONGEST_NAME {
        "it is longer than 63 bytes"
    } else if schema.starts_with("pg_") {
        "what begins with pg_ is the server's own"
    } else if schema.contains(['\0', '@']) {
        "it has a character in it that has no place there"
    } else {
        return Ok(());
    };
    Err(PostgresError::BadSchemaName { schema: schema.to_owned(), problem })
}

/// An offset as it stands in `events` and `streams`: the number of the same bits, with a sign.
///
/// A stream stays in the half of the numbers that it has begun in, so that its offsets are in order.
pub(super) fn stored(offset: u64) -> i64 {
    offset.cast_signed()
}

/// An offset out of a table.
pub(super) fn offset(stored: i64) -> u64 {
    stored.cast_unsigned()
}

/// The largest offset that can be the next one in a stream that has begun at `first`.
pub(super) fn limit(first: u64) -> u64 {
    if is_high(first) { u64::MAX } else { i64::MAX.cast_unsigned() }
}

/// Whether an offset lies in the upper half.
pub(super) fn is_high(offset: u64) -> bool {
    stored(offset) < 0
}
