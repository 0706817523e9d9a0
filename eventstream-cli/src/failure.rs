use std::{error::Error, fmt::Display, io};

use eventstream_network::NetworkError;

use crate::{advice::advice, network_advice};

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads the standard output any more.
    OutputClosed,
    /// All was done, and what was found are warnings: they were said.
    Warned,
    /// Nothing failed, and what was found are errors: they were said.
    Found,
    /// What went wrong, and why: from the outermost to the innermost.
    Failed { chain: Vec<String>, hint: Option<String> },
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::Failed { chain: vec![text.into()], hint: None }
    }

    /// What an error says, with all that lies below.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        Self::Failed { chain: Vec::new(), hint: None }.because(error)
    }

    /// What the user can do about it.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Failed { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// What the user can do about it, if nothing better was said.
    pub(crate) fn or_hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Failed { hint, .. } = &mut self {
            hint.get_or_insert_with(|| text.into());
        }
        self
    }

    /// Says why, with all that lies below.
    pub(crate) fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        if let Self::Failed { chain, hint } = &mut self {
            if hint.is_none() {
                *hint = advice(error).map(str::to_owned);
            }
            let mut cause = Some(error);
            while let Some(error) = cause {
                let text = error.to_string();
                // Some errors say themselves what their source says.
                if chain.last().is_none_or(|last| !last.ends_with(&text)) {
                    chain.push(text);
                }
                cause = error.source();
            }
        }
        self
    }

    /// Writing to the standard output failed.
    pub(crate) fn of_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::new("can't write to the standard output").because(error)
        }
    }
}

/// What a backend has said, if it is an error of this type.
pub(crate) fn said_by_backend<T: Error + 'static>(error: &eventstream_core::Error) -> Option<&T> {
    match error {
        eventstream_core::Error::Backend { source, .. } => source.downcast_ref(),
        _ => None,
    }
}

impl From<eventstream_core::Error> for Failure {
    fn from(error: eventstream_core::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&eventstream_core::Error> for Failure {
    fn from(error: &eventstream_core::Error) -> Self {
        match said_by_backend::<NetworkError>(error) {
            Some(error) => network_advice::failure(error),
            None => Self::of(error),
        }
    }
}

/// Says what was being done when an error came.
pub(crate) trait Context<T> {
    fn context(self, text: impl Display) -> Result<T, Failure>;
}

impl<T, E: Error + 'static> Context<T> for Result<T, E> {
    fn context(self, text: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(text.to_string()).because(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(failure: &Failure) -> &[String] {
        match failure {
            Failure::Failed { chain, .. } => chain,
            _ => &[],
        }
    }

    #[test]
    fn every_cause_is_said_once() {
        let cause = io::Error::other(io::Error::other("the disk is gone"));
        let error = eventstream_core::Error::backend("append", false, cause);
        assert_eq!(chain(&error.into()), ["append failed", "the disk is gone"]);
    }

    #[test]
    fn a_closed_pipe_is_not_like_other_errors() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(matches!(Failure::of_output(&closed), Failure::OutputClosed));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(chain(&Failure::of_output(&full)).len(), 2);
    }
}
