//! What handlers say, and what has come of it.

use eventstream_core::HandlerError;

use super::given::list;
use crate::failure::{Check, chain, fail};

/// What a handler says, with all that lies under it.
pub(crate) fn said(error: &HandlerError) -> String {
    match error.source() {
        None => error.to_string(),
        Some(source) => format!("{error}: {}", chain(source)),
    }
}

/// What fails says so, and does not speak of a conflict: that would be tried again at once.
pub(crate) fn is_failure(what: &str, result: &Result<(), HandlerError>) -> Check {
    match result {
        Err(HandlerError::Conflict) => {
            fail!("{what}: that is an error of its own, but it says that there is a conflict")
        }
        Err(_) => Ok(()),
        Ok(()) => fail!("{what}: that is an error, but it says that it was handled"),
    }
}

/// Compares effects.
pub(crate) fn same_effects(done: &str, expected: &[u64], effects: &[u64]) -> Check {
    if expected == effects {
        return Ok(());
    }
    let same = expected.iter().zip(effects).take_while(|(one, other)| one == other).count();
    let after = if same == 0 { String::new() } else { format!("after the first {same}, ") };
    fail!(
        "{done}: {after}the effects must be those of {}, but are those of {}",
        list(&expected[same..]),
        list(&effects[same..])
    )
}
