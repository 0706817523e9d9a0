use std::{
    str::FromStr,
    time::{Duration, SystemTime},
};

use eventstream_core::Incarnation;
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

/// An offset as it stands in a table.
///
/// SQLite's integers are signed. One from 2^63 on is stored as the negative number of the same bits,
/// so that those which anybody meets read as they are. Statements that compare offsets do it as
/// `(offset < 0, offset)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset(pub(super) u64);

impl ToSql for Offset {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

impl FromSql for Offset {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|stored| Self(stored.cast_unsigned()))
    }
}

/// A time as it stands in a table: in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) SystemTime);

impl Time {
    pub(super) fn now() -> Self {
        Self(SystemTime::now())
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // A clock that stands before 1970 is wrong anyway.
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(since.as_micros()).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let since = Duration::from_micros(u64::try_from(value.as_i64()?).unwrap_or(0));
        let time = SystemTime::UNIX_EPOCH.checked_add(since);
        time.map(Self).ok_or(FromSqlError::InvalidType)
    }
}

/// An incarnation as it stands in a table: in text, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredIncarnation(pub(super) Incarnation);

impl ToSql for StoredIncarnation {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for StoredIncarnation {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Incarnation::from_str(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}
