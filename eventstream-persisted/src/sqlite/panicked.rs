use std::panic::{self, AssertUnwindSafe};

use super::{SqliteError, error::Result};

/// Runs somebody else's code; a panic in it becomes an error. Whoever calls undoes what it did.
pub(super) fn caught<T>(what: &'static str, work: impl FnOnce() -> T) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = (panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "it says nothing".to_owned());
        SqliteError::Panicked { what, message }
    })
}
