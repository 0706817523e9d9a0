use super::SqliteError;

/// What goes wrong with a statement, before anybody has said in which database.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// There is something in our tables that should not be there.
    Damaged(String),
    /// We say so.
    Known(SqliteError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<SqliteError> for Fault {
    fn from(error: SqliteError) -> Self {
        Self::Known(error)
    }
}
