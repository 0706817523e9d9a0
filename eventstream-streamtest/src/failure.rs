use std::{error, fmt};

use eventstream_core::BoxError;

use crate::Case;

/// What a step of a case comes to.
pub(crate) type Check<T = ()> = Result<T, Failure>;

/// What happened, in words. The runner adds which case it was, and which rule is broken.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Something that a case needs, and that is no rule of its own, did not work.
    pub(crate) fn of_harness(what: &str, error: &BoxError) -> Self {
        Self(format!("the harness could not {what}: {}", chain(&**error)))
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// Ends a case: a rule is broken.
macro_rules! fail {
    ($($text:tt)+) => {
        return Err($crate::failure::Failure::new(format!($($text)+)))
    };
}

/// Ends a case if a condition does not hold.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            $crate::failure::fail!($($text)+);
        }
    };
}

pub(crate) use {ensure, fail};

/// An error with all that lies under it, in one line.
pub(crate) fn chain(error: &(dyn error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A case of a suite did not hold: its name, what happened, and the rule that is broken.
#[derive(Clone, Debug)]
pub struct CaseFailure {
    case: String,
    rule: &'static str,
    happened: String,
}

impl CaseFailure {
    pub(crate) fn new(case: Case, happened: impl Into<String>) -> Self {
        Self { case: case.name().to_owned(), rule: case.rule(), happened: happened.into() }
    }

    pub(crate) fn no_such_case(name: &str) -> Self {
        Self {
            case: name.to_owned(),
            rule: "A suite runs the cases that it has.",
            happened: "the suite has no case of this name".to_owned(),
        }
    }

    /// The name of the case.
    #[must_use]
    pub fn case(&self) -> &str {
        &self.case
    }

    /// The rule that is broken.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.rule
    }

    /// What happened.
    #[must_use]
    pub fn happened(&self) -> &str {
        &self.happened
    }
}

impl fmt::Display for CaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "case {} failed\n    happened: {}\n    rule:     {}",
            self.case, self.happened, self.rule
        )
    }
}

impl error::Error for CaseFailure {}
