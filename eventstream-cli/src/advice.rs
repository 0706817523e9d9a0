//! What can be done about an error of the operating system's.

use std::{error::Error, io, iter, sync::Arc};

/// What the error calls for, if one of its causes says it.
pub(crate) fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    io_kinds(error).find_map(remedy)
}

/// What kind of error the operating system has seen, according to each of the causes.
pub(crate) fn io_kinds(error: &(dyn Error + 'static)) -> impl Iterator<Item = io::ErrorKind> {
    iter::successors(Some(error), |error| (*error).source()).filter_map(io_kind)
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    // What several have to be told is shared.
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return io_kind(&**shared);
    }
    error
        .downcast_ref::<io::Error>()
        .or_else(|| error.downcast_ref::<Arc<io::Error>>().map(Arc::as_ref))
        .map(io::Error::kind)
}

fn remedy(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(
            "make room, and do the same again: what was acknowledged is stored and can be read, and \
             events already stored are not stored twice",
        ),
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("what is there can be read; to write, have the file system mounted for writing")
        }
        io::ErrorKind::PermissionDenied => Some(
            "run it as the user whose files these are, or give this one permission: to read needs \
             access to the directory and its files, to append needs to write to both",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_below_other_errors() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let shared = Arc::new(full());
        for error in [
            eventstream_core::Error::backend("append", true, full()),
            eventstream_core::Error::backend("append", true, shared),
        ] {
            assert!(advice(&error).is_some_and(|it| it.starts_with("make room")), "{error:?}");
        }
        assert_eq!(advice(&io::Error::other("something else")), None);
    }
}
